"""プロフィールの不備, サービスの変更 (§6(3)ウ, §8(2)ア, §4(3)): what was found or marked stays; only how it ended is added."""

import django.db.models.deletion
import koshiki.clock
import koshiki.networks
from django.conf import settings
from django.db import migrations, models

STAYS = """
CREATE TRIGGER profilefinding_changes_only_so BEFORE UPDATE ON koshiki_profilefinding FOR EACH ROW
    WHEN (OLD.ended_at IS NULL) EXECUTE FUNCTION koshiki_only_these_change('ended_at', 'right_in_id', 'by_id', 'reason');
CREATE TRIGGER profilefinding_does_not_change BEFORE UPDATE ON koshiki_profilefinding FOR EACH ROW
    WHEN (NOT (OLD.ended_at IS NULL)) EXECUTE FUNCTION koshiki_only_these_change();
CREATE TRIGGER profilefinding_is_never_deleted BEFORE DELETE ON koshiki_profilefinding
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();
CREATE TRIGGER servicechange_changes_only_so BEFORE UPDATE ON koshiki_servicechange FOR EACH ROW
    WHEN (OLD.taken_back_at IS NULL)
    EXECUTE FUNCTION koshiki_only_these_change('taken_back_at', 'taken_back_by_id', 'reason');
CREATE TRIGGER servicechange_does_not_change BEFORE UPDATE ON koshiki_servicechange FOR EACH ROW
    WHEN (NOT (OLD.taken_back_at IS NULL)) EXECUTE FUNCTION koshiki_only_these_change();
CREATE TRIGGER servicechange_is_never_deleted BEFORE DELETE ON koshiki_servicechange
    FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();
"""
UNDO = "".join(f"DROP TRIGGER {table}_{what} ON koshiki_{table};\n" for table in ("servicechange", "profilefinding")
               for what in ("changes_only_so", "does_not_change", "is_never_deleted"))


class Migration(migrations.Migration):

    dependencies = [
        ('koshiki', '0014_policy_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='profilecheck',
            name='compared_with',
            field=models.CharField(blank=True, help_text='台帳の画像の SHA-256', max_length=64, verbose_name='比べた画像'),
        ),
        migrations.AddField(
            model_name='profilecheck',
            name='picture',
            field=models.TextField(blank=True, help_text='サービスが示したもの。同じうちは、もう比べない', verbose_name='画像のアドレス'),
        ),
        migrations.CreateModel(
            name='ProfileFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('address', '掲載ページのURL'), ('no_answers', '個別に対応しない旨'), ('contact', '問合せ先'), ('name', 'アカウント名'), ('image', 'アカウント画像'), ('verification', '認証')], max_length=20, verbose_name='項目')),
                ('seen', models.CharField(max_length=400, verbose_name='見つかったもの')),
                ('since', models.DateTimeField(default=koshiki.clock.now, verbose_name='見つかった日時')),
                ('due_at', models.DateTimeField(verbose_name='期限')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='解消日時')),
                ('reason', models.CharField(blank=True, max_length=400, verbose_name='理由')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='profile_findings', to='koshiki.account', verbose_name='公式アカウント')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='理由を記録した職員')),
                ('reading', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='koshiki.profilecheck', verbose_name='見つけた確認')),
                ('right_in', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.profilecheck', verbose_name='直っていた確認')),
            ],
            options={
                'verbose_name': 'プロフィールの不備',
                'ordering': ('-since', '-pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('account', 'kind'), name='one_open_finding_of_each_kind'), models.CheckConstraint(condition=models.Q(models.Q(('by__isnull', True), ('ended_at__isnull', True), ('reason', ''), ('right_in__isnull', True)), models.Q(('by__isnull', True), ('ended_at__isnull', False), ('reason', ''), ('right_in__isnull', False)), models.Q(('by__isnull', False), ('ended_at__isnull', False), ('right_in__isnull', True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='finding_ends_by_a_reading_or_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='ServiceChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.CharField(choices=koshiki.networks.service_choices, max_length=30, verbose_name='サービス')),
                ('what', models.CharField(max_length=400, verbose_name='変わったこと')),
                ('at', models.DateTimeField(default=koshiki.clock.now, verbose_name='知らせた日時')),
                ('due_at', models.DateTimeField(verbose_name='期限')),
                ('taken_back_at', models.DateTimeField(blank=True, null=True, verbose_name='取り消した日時')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='取り消した理由')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='知らせた職員')),
                ('taken_back_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='取り消した職員')),
            ],
            options={
                'verbose_name': 'サービスの変更',
                'ordering': ('-at', '-pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('what', ''), _negated=True), name='service_change_says_what'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('taken_back_at__isnull', True), ('taken_back_by__isnull', True)), models.Q(('taken_back_at__isnull', False), ('taken_back_by__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='service_change_taken_back_whole')],
            },
        ),
        migrations.RunSQL(STAYS, UNDO),
    ]
