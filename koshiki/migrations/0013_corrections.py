"""訂正 (§8(3)): a post that puts right what another said. What was begun stays; only the moment when it was done is added."""

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


class Migration(migrations.Migration):

    dependencies = [
        ('koshiki', '0012_closing'),
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
                ('begun_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='訂正を始めた職員')),
                ('post', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='correction', to='koshiki.post', verbose_name='訂正の投稿')),
                ('wrong', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='koshiki.post', verbose_name='誤った投稿')),
            ],
            options={
                'verbose_name': '訂正',
                'ordering': ('found_at', 'pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('found_by', ''), _negated=True)), name='correction_says_why_and_who'), models.CheckConstraint(condition=models.Q(('post', models.F('wrong')), _negated=True), name='nothing_corrects_itself'), models.CheckConstraint(condition=models.Q(('found_at__lte', models.F('begun_at'))), name='found_before_corrected')],
            },
        ),
        migrations.RunSQL(STAYS, UNDO),
    ]
