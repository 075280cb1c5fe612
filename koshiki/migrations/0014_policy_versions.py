"""The versions of a policy (§6(2), §別紙1-3): a change is decided as it was read, by nobody who wrote it, and then stays.

The database refuses a step out of order, another content than the deciders read, and a decision on one's own draft.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import koshiki.clock
from django.conf import settings
from django.db import migrations, models

ORDER = ("draft>deciding", "draft>withdrawn", "deciding>returned", "deciding>approved", "deciding>withdrawn",
         "returned>deciding", "returned>withdrawn", "approved>in_force", "approved>withdrawn")

STEPS = """
CREATE FUNCTION koshiki_policy_change_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> NEW.state AND NOT OLD.state || '>' || NEW.state = ANY (TG_ARGV) THEN
        RAISE EXCEPTION 'koshiki: a policy is changed step by step' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state NOT IN ('draft', 'returned')
        AND to_jsonb(OLD) - ARRAY['state', 'due_at', 'policy_id'] <> to_jsonb(NEW) - ARRAY['state', 'due_at', 'policy_id'] THEN
        RAISE EXCEPTION 'koshiki: what was submitted stays as it was read' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT OLD.writers <@ NEW.writers THEN
        RAISE EXCEPTION 'koshiki: who wrote a change stays known' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state = 'approved' AND EXISTS (
        SELECT 1 FROM unnest(NEW.route) AS needed WHERE NOT EXISTS (
            SELECT 1 FROM koshiki_policydecision d WHERE d.change_id = NEW.id AND d.round = NEW.round
                AND d.outcome = 'approve' AND d.digest = NEW.digest AND needed IN (d.step, d.stands_for))) THEN
        RAISE EXCEPTION 'koshiki: approved only with every decision of the route'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policychange_goes_on BEFORE UPDATE ON koshiki_policychange
    FOR EACH ROW EXECUTE FUNCTION koshiki_policy_change_goes_on(THE_ORDER);

CREATE FUNCTION koshiki_policy_change_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'koshiki: a change of a policy begins as a draft' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER policychange_begins BEFORE INSERT ON koshiki_policychange
    FOR EACH ROW WHEN (NEW.state <> 'draft') EXECUTE FUNCTION koshiki_policy_change_begins();

CREATE FUNCTION koshiki_policy_decision_is_anothers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM koshiki_policychange c WHERE c.id = NEW.change_id AND c.state = 'deciding'
                   AND c.round = NEW.round AND c.digest = NEW.digest AND NEW.step = ANY (c.route)
                   AND NEW.by_id <> c.submitted_by_id AND NOT NEW.by_id = ANY (c.writers)) THEN
        RAISE EXCEPTION 'koshiki: a change is decided while it is open, as it was read, by nobody who wrote it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policydecision_is_anothers BEFORE INSERT ON koshiki_policydecision
    FOR EACH ROW EXECUTE FUNCTION koshiki_policy_decision_is_anothers();
CREATE TRIGGER policydecision_does_not_change BEFORE UPDATE ON koshiki_policydecision
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change('read_by_id', 'read_at');
CREATE TRIGGER policydecision_is_never_deleted BEFORE DELETE ON koshiki_policydecision
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();
CREATE TRIGGER policychange_is_never_deleted BEFORE DELETE ON koshiki_policychange
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();
"""

UNDO = """
DROP TRIGGER policychange_is_never_deleted ON koshiki_policychange;
DROP TRIGGER policydecision_is_never_deleted ON koshiki_policydecision;
DROP TRIGGER policydecision_does_not_change ON koshiki_policydecision;
DROP TRIGGER policydecision_is_anothers ON koshiki_policydecision;
DROP TRIGGER policychange_begins ON koshiki_policychange;
DROP TRIGGER policychange_goes_on ON koshiki_policychange;
DROP FUNCTION koshiki_policy_decision_is_anothers();
DROP FUNCTION koshiki_policy_change_begins();
DROP FUNCTION koshiki_policy_change_goes_on();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('koshiki', '0013_corrections'),
    ]

    operations = [
        migrations.CreateModel(
            name='PolicyChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', '起案中'), ('deciding', '決裁中'), ('returned', '差戻し'), ('approved', '適用日待ち'), ('in_force', '適用済み'), ('withdrawn', '取下げ')], db_index=True, default='draft', max_length=20, verbose_name='状態')),
                ('items', models.TextField(default='{}', verbose_name='記載事項')),
                ('what', models.CharField(blank=True, max_length=400, verbose_name='変更の内容')),
                ('reason', models.CharField(blank=True, max_length=400, verbose_name='変更の理由')),
                ('wanted_from', models.DateField(blank=True, null=True, verbose_name='適用開始日')),
                ('writers', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text='決裁できない職員の番号', size=None, verbose_name='書いた職員')),
                ('begun_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='開始日時')),
                ('edition', models.CharField(max_length=40, verbose_name='ガイドラインの版')),
                ('saved_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='保存日時')),
                ('round', models.PositiveSmallIntegerField(default=0, verbose_name='回')),
                ('route', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, size=None, verbose_name='決裁・合議の順')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='内容の値')),
                ('submitted_at', models.DateTimeField(blank=True, null=True, verbose_name='提出日時')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='期限')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policy_changes', to='koshiki.account', verbose_name='公式アカウント')),
                ('base', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='koshiki.policy', verbose_name='変更前の版')),
                ('policy', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='change', to='koshiki.policy', verbose_name='適用した版')),
                ('submitted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出した職員')),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='最後に書いた職員')),
            ],
            options={
                'verbose_name': '運用ポリシーの変更',
                'ordering': ('-begun_at', '-pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'deciding', 'returned', 'approved'])), fields=('account',), name='one_open_policy_change'), models.CheckConstraint(condition=models.Q(models.Q(('policy__isnull', False), ('state', 'in_force')), models.Q(models.Q(('state', 'in_force'), _negated=True), ('policy__isnull', True)), _connector='OR'), name='policy_change_makes_its_version'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['deciding', 'approved', 'in_force']), _negated=True), models.Q(models.Q(('digest', ''), _negated=True), models.Q(('what', ''), _negated=True), models.Q(('reason', ''), _negated=True), ('submitted_at__isnull', False), ('submitted_by__isnull', False), ('wanted_from__isnull', False)), _connector='OR'), name='submitted_policy_change_is_whole')],
            },
        ),
        migrations.CreateModel(
            name='PolicyDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField(verbose_name='回')),
                ('digest', models.CharField(max_length=64, verbose_name='見た内容の値')),
                ('step', models.CharField(max_length=30, verbose_name='決裁・合議')),
                ('stands_for', models.CharField(blank=True, max_length=30, verbose_name='代える合議')),
                ('outcome', models.CharField(choices=[('approve', '承認'), ('return', '差戻し')], max_length=20, verbose_name='結果')),
                ('as_deputy', models.BooleanField(default=False, verbose_name='代決')),
                ('comment', models.CharField(blank=True, max_length=2000, verbose_name='意見')),
                ('unsaid_reason', models.CharField(blank=True, max_length=400, verbose_name='プロフィール欄に書けない理由')),
                ('at', models.DateTimeField(default=koshiki.clock.now, verbose_name='日時')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='後閲日時')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policy_decisions', to=settings.AUTH_USER_MODEL, verbose_name='決裁した職員')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='koshiki.policychange', verbose_name='運用ポリシーの変更')),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.division', verbose_name='決裁した所属')),
                ('holder', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='本来の決裁者')),
                ('read_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='後閲した職員')),
            ],
            options={
                'verbose_name': '変更の決裁',
                'ordering': ('at', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('change', 'round', 'by'), name='nobody_decides_a_change_twice'), models.UniqueConstraint(fields=('change', 'round', 'step'), name='one_answer_to_each_step_of_a_change'), models.CheckConstraint(condition=models.Q(('outcome', 'approve'), models.Q(('comment', ''), _negated=True), _connector='OR'), name='returned_change_gives_its_reason'), models.CheckConstraint(condition=models.Q(('holder__isnull', True), models.Q(('as_deputy', True), models.Q(('holder', models.F('by')), _negated=True)), _connector='OR'), name='deputy_for_a_change_is_another')],
            },
        ),
        migrations.RunSQL(STEPS.replace("THE_ORDER", ", ".join(f"'{step}'" for step in ORDER)), UNDO),
    ]
