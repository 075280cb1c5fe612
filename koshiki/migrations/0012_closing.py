"""Closing an account (§7): its tables, and that nobody takes its steps out of order, not even in the database.

What a step has recorded stays; gone is only what was seen to be gone; a delisted account never comes back.
"""

import django.db.models.deletion
import koshiki.clock
from django.conf import settings
from django.db import migrations, models


ORDER = ("draft>notified", "draft>withdrawn", "notified>returned", "notified>withdrawn", "notified>delisted",
         "returned>notified", "returned>withdrawn", "delisted>confirmed", "confirmed>closed")

STEPS = """
CREATE FUNCTION koshiki_closing_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> NEW.state AND NOT OLD.state || '>' || NEW.state = ANY (TG_ARGV) THEN
        RAISE EXCEPTION 'koshiki: a closing goes on in the order of the guideline'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT jsonb_strip_nulls(to_jsonb(OLD)) - ARRAY['state', 'draft', 'due_at', 'notification_id'] <@ to_jsonb(NEW)
        OR NEW.notification_id IS DISTINCT FROM OLD.notification_id AND (NEW.state <> 'notified' OR OLD.state = NEW.state) THEN
        RAISE EXCEPTION 'koshiki: what a closing has recorded stays' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state IN ('confirmed', 'closed') AND NOT EXISTS (
        SELECT 1 FROM koshiki_closingcheck c WHERE c.closing_id = NEW.id AND c.result = 'gone'
            AND c.what = CASE NEW.state WHEN 'confirmed' THEN 'page' ELSE 'account' END) THEN
        RAISE EXCEPTION 'koshiki: gone is what was seen to be gone' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closing_goes_on BEFORE UPDATE ON koshiki_closing
    FOR EACH ROW EXECUTE FUNCTION koshiki_closing_goes_on(THE_ORDER);

CREATE FUNCTION koshiki_closing_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'koshiki: a closing begins with its form' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER closing_begins BEFORE INSERT ON koshiki_closing
    FOR EACH ROW WHEN (NEW.state NOT IN ('draft', 'notified')) EXECUTE FUNCTION koshiki_closing_begins();

CREATE FUNCTION koshiki_account_closes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' OR OLD.state = 'delisted' AND NEW.state <> 'closed' OR NOT EXISTS (
        SELECT 1 FROM koshiki_closing c WHERE c.account_id = NEW.id AND c.state = NEW.state) THEN
        RAISE EXCEPTION 'koshiki: an account is closed by its closing only, and stays closed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_closes BEFORE UPDATE OF state ON koshiki_account FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND (OLD.state IN ('delisted', 'closed') OR NEW.state IN ('delisted', 'closed')))
    EXECUTE FUNCTION koshiki_account_closes();

CREATE TRIGGER closing_is_never_deleted BEFORE DELETE ON koshiki_closing
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();
CREATE TRIGGER closingcheck_is_never_deleted BEFORE DELETE ON koshiki_closingcheck
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();
CREATE TRIGGER closingcheck_does_not_change BEFORE UPDATE ON koshiki_closingcheck
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change();
"""

UNDO = """
DROP TRIGGER closingcheck_does_not_change ON koshiki_closingcheck;
DROP TRIGGER closingcheck_is_never_deleted ON koshiki_closingcheck;
DROP TRIGGER closing_is_never_deleted ON koshiki_closing;
DROP TRIGGER account_closes ON koshiki_account;
DROP TRIGGER closing_begins ON koshiki_closing;
DROP TRIGGER closing_goes_on ON koshiki_closing;
DROP FUNCTION koshiki_account_closes();
DROP FUNCTION koshiki_closing_begins();
DROP FUNCTION koshiki_closing_goes_on();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('koshiki', '0011_what_services_tell'),
    ]

    operations = [
        migrations.CreateModel(
            name='Closing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', '届出書の下書き'), ('notified', '廃止届出済み'), ('returned', '廃止届出の差戻し'), ('withdrawn', '廃止の取下げ'), ('delisted', '掲載削除済み・確認待ち'), ('confirmed', '削除確認済み・廃止作業待ち'), ('closed', '廃止済み')], default='draft', max_length=20, verbose_name='状態')),
                ('begun_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='開始日時')),
                ('draft', models.TextField(default='{}', help_text='記入中の欄（JSON）。届け出ると空になる', verbose_name='届出書の下書き')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='期限')),
                ('delisted_at', models.DateTimeField(blank=True, null=True, verbose_name='掲載を削除した日時')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='削除を確認した日時')),
                ('closed_on', models.DateField(blank=True, help_text='サービスの画面でアカウントを廃止した日', null=True, verbose_name='廃止日')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='廃止を記録した日時')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='closings', to='koshiki.account', verbose_name='公式アカウント')),
                ('begun_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='書き始めた職員')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='廃止を記録した職員')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='削除を確認した職員')),
                ('delisted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='掲載を削除した職員')),
                ('notification', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='closing', to='koshiki.notification', verbose_name='届出')),
            ],
            options={
                'verbose_name': '廃止',
                'ordering': ('-begun_at', '-pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'withdrawn'), _negated=True), fields=('account',), name='one_standing_closing'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'withdrawn']), ('notification__isnull', False), _connector='OR'), name='closing_is_notified'), models.CheckConstraint(condition=models.Q(models.Q(('delisted_at__isnull', False), ('state__in', ['delisted', 'confirmed', 'closed'])), models.Q(models.Q(('state__in', ['delisted', 'confirmed', 'closed']), _negated=True), ('delisted_at__isnull', True)), _connector='OR'), name='closing_is_delisted'), models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at__isnull', False), ('state__in', ['confirmed', 'closed'])), models.Q(models.Q(('state__in', ['confirmed', 'closed']), _negated=True), ('confirmed_at__isnull', True)), _connector='OR'), name='closing_is_confirmed'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('closed_on__isnull', False), ('state', 'closed')), models.Q(models.Q(('state', 'closed'), _negated=True), ('closed_at__isnull', True), ('closed_on__isnull', True)), _connector='OR'), name='closing_is_closed')],
            },
        ),
        migrations.CreateModel(
            name='ClosingCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('page', '掲載ページ'), ('account', 'アカウント')], max_length=20, verbose_name='見たもの')),
                ('address', models.URLField(blank=True, max_length=300, verbose_name='アドレス')),
                ('status', models.PositiveSmallIntegerField(blank=True, help_text='HTTPの番号', null=True, verbose_name='サーバーの答え')),
                ('result', models.CharField(choices=[('gone', 'なくなっている'), ('there', 'まだある'), ('unclear', '分からない')], max_length=20, verbose_name='結果')),
                ('found', models.CharField(blank=True, max_length=400, verbose_name='分かったこと')),
                ('at', models.DateTimeField(default=koshiki.clock.now, verbose_name='確認日時')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='確認した職員')),
                ('closing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='koshiki.closing', verbose_name='廃止')),
                ('evidence', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.storedfile', verbose_name='証拠')),
            ],
            options={
                'verbose_name': '廃止の確認',
                'ordering': ('-at', '-pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('by__isnull', True), ('evidence__isnull', False), _connector='OR'), name='persons_closing_check_has_evidence')],
            },
        ),
        migrations.RunSQL(STEPS.replace("THE_ORDER", ", ".join(f"'{step}'" for step in ORDER)), UNDO),
    ]
