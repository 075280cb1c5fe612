"""訂正 (§8(3)): a post that puts right what another said, and the deliveries that edit or delete.

What was begun stays, and only the moment when it was done is added. In the view of posts at their times, a deletion that
only makes room for the new post is not a time of its own.
"""

import django.db.models.deletion
import koshiki.clock
from django.conf import settings
from django.db import migrations, models

STAYS = """
CREATE TRIGGER correction_changes_only_so BEFORE UPDATE ON koshiki_correction FOR EACH ROW
    WHEN (OLD.done_at IS NULL) EXECUTE FUNCTION koshiki_only_these_change('done_at');
CREATE TRIGGER correction_does_not_change BEFORE UPDATE ON koshiki_correction FOR EACH ROW
    WHEN (NOT (OLD.done_at IS NULL)) EXECUTE FUNCTION koshiki_only_these_change();
CREATE TRIGGER correction_is_never_deleted BEFORE DELETE ON koshiki_correction
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();
"""
UNDO = "".join(f"DROP TRIGGER correction_{what} ON koshiki_correction;\n"
               for what in ("changes_only_so", "does_not_change", "is_never_deleted"))

VIEW = """
CREATE OR REPLACE VIEW koshiki_slot AS
SELECT 'd' || d.id AS key, d.post_id, d.account_id, coalesce(d.sent_at, d.due_at) AS at, d.state AS delivery,
       'approved' AS state, d.url, t.content, md5(t.content) AS wording
FROM koshiki_delivery d
LEFT JOIN koshiki_approval a ON a.id = d.approval_id
LEFT JOIN koshiki_revisiontarget t ON t.revision_id = a.revision_id AND t.account_id = d.account_id
WHERE NOT d.state = 'cancelled' AND d.segment = 0 {condition}
UNION ALL
SELECT 't' || t.id, r.post_id, t.account_id, r.due_at, '', p.state, '', t.content, md5(t.content)
FROM koshiki_revision r
JOIN koshiki_post p ON p.id = r.post_id
JOIN koshiki_revisiontarget t ON t.revision_id = r.id
WHERE p.state <> 'approved'
  AND NOT EXISTS (SELECT FROM koshiki_revision n WHERE n.post_id = r.post_id AND n.number > r.number);
"""
ONE_TIME = """AND (d.verb <> 'delete' OR NOT EXISTS (
    SELECT FROM koshiki_delivery p WHERE p.post_id = d.post_id AND p.account_id = d.account_id
        AND p.segment = 0 AND p.verb = 'publish' AND p.state <> 'cancelled'))"""


class Migration(migrations.Migration):

    dependencies = [
        ('koshiki', '0013_films'),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300, verbose_name='誤りの内容')),
                ('found_at', models.DateTimeField(verbose_name='誤りに気付いた日時')),
                ('found_by', models.CharField(max_length=100, verbose_name='気付いた人')),
                ('begun_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='訂正を始めた日時')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='訂正した日時')),
            ],
            options={
                'verbose_name': '訂正',
                'ordering': ('found_at', 'pk'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='one_delivery_per_approval',
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='one_live_delivery_per_post',
        ),
        migrations.AddField(
            model_name='delivery',
            name='verb',
            field=models.CharField(choices=[('publish', '投稿'), ('reply', '訂正の返信'), ('edit', '編集'), ('delete', '削除')], default='publish', max_length=10, verbose_name='すること'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='wrong',
            field=models.ForeignKey(help_text='§8(3) 返信し、編集し、削除し、又は代わりに出す相手', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='koshiki.delivery', verbose_name='訂正される配信'),
        ),
        migrations.AddField(
            model_name='revisiontarget',
            name='way',
            field=models.CharField(blank=True, choices=[('reply', '訂正の返信'), ('edit', '編集'), ('notice', '訂正の新しい投稿'), ('repost', '削除して再投稿'), ('take_down', '削除（取下げ）')], help_text='訂正でなければ空', max_length=10, verbose_name='訂正の方法'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('approval', 'account', 'segment', 'verb'), name='one_delivery_per_approval'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'cancelled'), _negated=True), fields=('post', 'account', 'segment', 'verb'), name='one_live_delivery_per_post'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('verb__in', ['edit', 'delete']), models.Q(('state__in', ['cancelled', 'failed']), _negated=True)), fields=('wrong',), name='one_change_of_each'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('verb', 'publish'), ('wrong__isnull', False), _connector='OR'), name='correction_says_of_what'),
        ),
        migrations.AddField(
            model_name='correction',
            name='begun_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='訂正を始めた職員'),
        ),
        migrations.AddField(
            model_name='correction',
            name='post',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='correction', to='koshiki.post', verbose_name='訂正の投稿'),
        ),
        migrations.AddField(
            model_name='correction',
            name='wrong',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='koshiki.post', verbose_name='誤った投稿'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('found_by', ''), _negated=True)), name='correction_says_why_and_who'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(('post', models.F('wrong')), _negated=True), name='nothing_corrects_itself'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(('found_at__lte', models.F('begun_at'))), name='found_before_corrected'),
        ),
        migrations.RunSQL(STAYS, UNDO),
        migrations.RunSQL(VIEW.format(condition=ONE_TIME), VIEW.format(condition="")),
    ]
