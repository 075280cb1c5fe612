"""指摘: what a check saw in a revision, and the author's answer. Written once; while one is open nothing is approved."""

import django.db.models.deletion
from django.db import migrations, models

STAYS = """
CREATE TRIGGER finding_does_not_change BEFORE UPDATE ON koshiki_finding
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change();
CREATE TRIGGER finding_is_never_deleted BEFORE DELETE ON koshiki_finding
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();

CREATE FUNCTION koshiki_findings_are_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM koshiki_finding WHERE revision_id = NEW.revision_id AND answer = 'open') THEN
        RAISE EXCEPTION 'koshiki: nothing is approved while a finding has no answer'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_has_answers BEFORE INSERT ON koshiki_approval
    FOR EACH ROW EXECUTE FUNCTION koshiki_findings_are_answered();
"""
UNDO = """
DROP TRIGGER approval_has_answers ON koshiki_approval;
DROP FUNCTION koshiki_findings_are_answered();
DROP TRIGGER finding_is_never_deleted ON koshiki_finding;
DROP TRIGGER finding_does_not_change ON koshiki_finding;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('koshiki', '0015_profile_watch'),
    ]

    operations = [
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='点検と言葉から決まり、版が変わっても同じ', max_length=16, verbose_name='指摘の値')),
                ('name', models.CharField(max_length=40, verbose_name='点検')),
                ('clause', models.CharField(max_length=30, verbose_name='条項')),
                ('quote', models.CharField(max_length=500, verbose_name='言葉')),
                ('before', models.CharField(blank=True, max_length=40, verbose_name='前の言葉')),
                ('after', models.CharField(blank=True, max_length=40, verbose_name='後の言葉')),
                ('reason', models.CharField(max_length=300, verbose_name='指摘の理由')),
                ('advice', models.CharField(blank=True, max_length=300, verbose_name='すること')),
                ('place', models.CharField(blank=True, max_length=500, verbose_name='場所')),
                ('answer', models.CharField(choices=[('open', '未回答'), ('justified', 'そのままでよい'), ('changed', '直した')], default='open', max_length=10, verbose_name='答え')),
                ('said', models.CharField(blank=True, max_length=300, verbose_name='そのままでよい理由')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='koshiki.revision', verbose_name='版')),
            ],
            options={
                'verbose_name': '指摘',
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(fields=('revision', 'key'), name='one_finding_of_each_kind'), models.CheckConstraint(condition=models.Q(models.Q(('answer', 'justified'), models.Q(('said', ''), _negated=True)), models.Q(models.Q(('answer', 'justified'), _negated=True), ('said', '')), _connector='OR'), name='what_may_stay_says_why')],
            },
        ),
        migrations.RunSQL(STAYS, UNDO),
    ]
