"""People, divisions and what they may do; the log; the installation itself."""

import django.db.models.deletion
import django.db.models.functions.datetime
import koshiki.clock
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('staff_number', models.CharField(max_length=20, unique=True, verbose_name='職員番号')),
                ('name', models.CharField(max_length=60, verbose_name='氏名')),
                ('kana', models.CharField(blank=True, max_length=80, verbose_name='氏名（かな）')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='メール')),
                ('extension', models.CharField(blank=True, max_length=20, verbose_name='内線')),
                ('is_active', models.BooleanField(default=True, verbose_name='有効')),
                ('must_change_password', models.BooleanField(default=False, verbose_name='初回にパスワードを変更')),
            ],
            options={
                'verbose_name': '職員',
                'ordering': ('staff_number',),
            },
        ),
        migrations.CreateModel(
            name='SharedFolder',
            fields=[
                ('name', models.CharField(choices=[('media', '画像'), ('feed', '市の発信'), ('public', '公開用の写し')], max_length=10, primary_key=True, serialize=False, verbose_name='フォルダー')),
                ('token', models.CharField(max_length=80, verbose_name='印')),
            ],
            options={
                'verbose_name': '共有フォルダー',
            },
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False, verbose_name='識別子')),
                ('host', models.CharField(max_length=200, verbose_name='機械')),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='開始日時')),
                ('beat', models.CharField(max_length=16, verbose_name='番号')),
                ('before', models.CharField(blank=True, max_length=16, verbose_name='前の番号')),
                ('beat_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='番号を変えた日時')),
            ],
            options={
                'verbose_name': 'ワーカー',
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=120, verbose_name='件名')),
                ('path', models.CharField(max_length=200, verbose_name='ページ')),
                ('made_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='作成日時')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='送信日時')),
                ('error', models.CharField(blank=True, max_length=200, verbose_name='送信できなかった理由')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to=settings.AUTH_USER_MODEL, verbose_name='職員')),
            ],
            options={
                'verbose_name': '通知',
                'ordering': ('-made_at',),
            },
        ),
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('edition', models.CharField(max_length=40, verbose_name='版')),
                ('at', models.DateTimeField(verbose_name='確認日時')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to=settings.AUTH_USER_MODEL, verbose_name='職員')),
            ],
            options={
                'verbose_name': '確認',
                'ordering': ('-at',),
            },
        ),
        migrations.CreateModel(
            name='Division',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True, verbose_name='所属コード')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='所属名')),
                ('name_en', models.CharField(blank=True, max_length=100, verbose_name='英語名')),
                ('telephone', models.CharField(max_length=30, verbose_name='電話番号')),
                ('service', models.CharField(blank=True, choices=[('information_policy', '情報政策（届出・掲載・合議）'), ('public_relations', '広報（合議）')], help_text='ガイドラインで合議・届出を受けると定められた所属', max_length=30, verbose_name='役割')),
                ('end', models.DateField(blank=True, null=True, verbose_name='廃止日')),
            ],
            options={
                'verbose_name': '所属',
                'ordering': ('code',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('service', ''), _negated=True), fields=('service',), name='one_division_of_each_service')],
            },
        ),
        migrations.CreateModel(
            name='Deputy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.PositiveSmallIntegerField(default=1, verbose_name='順位')),
                ('start', models.DateField(verbose_name='開始日')),
                ('end', models.DateField(blank=True, null=True, verbose_name='終了日')),
                ('named_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='指定した職員')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deputyships', to=settings.AUTH_USER_MODEL, verbose_name='職員')),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deputies', to='koshiki.division', verbose_name='所属')),
            ],
            options={
                'verbose_name': '代決者',
                'ordering': ('division', 'order'),
                'constraints': [models.CheckConstraint(condition=models.Q(('end__isnull', True), ('end__gte', models.F('start')), _connector='OR'), name='deputy_dates'), models.CheckConstraint(condition=models.Q(('named_by', models.F('person')), _negated=True), name='no_deputyship_for_oneself')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='番号')),
                ('at', models.DateTimeField(db_index=True, verbose_name='日時')),
                ('verb', models.CharField(db_index=True, max_length=60, verbose_name='行為')),
                ('thing', models.CharField(db_index=True, max_length=80, verbose_name='対象')),
                ('clause', models.CharField(blank=True, db_index=True, max_length=30, verbose_name='条項')),
                ('canonical', models.TextField(verbose_name='記録')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='連鎖値')),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to=settings.AUTH_USER_MODEL, verbose_name='職員')),
            ],
            options={
                'verbose_name': '監査記録',
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='Head',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(default=0, verbose_name='番号')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='連鎖値')),
            ],
            options={
                'verbose_name': '監査記録の末尾',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_head')],
            },
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20, verbose_name='種類')),
                ('name', models.CharField(max_length=100, verbose_name='ファイル名')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('at', models.DateTimeField(default=koshiki.clock.now, verbose_name='日時')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to=settings.AUTH_USER_MODEL, verbose_name='選んだ職員')),
            ],
            options={
                'verbose_name': '取込み',
            },
        ),
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identity', models.UUIDField(default=uuid.uuid4, verbose_name='識別子')),
                ('sample', models.BooleanField(default=False, verbose_name='見本')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='設置日時')),
            ],
            options={
                'verbose_name': '設置',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_installation')],
            },
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.CharField(max_length=30, verbose_name='職')),
                ('start', models.DateField(verbose_name='開始日')),
                ('end', models.DateField(blank=True, null=True, verbose_name='終了日')),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='koshiki.division', verbose_name='所属')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to=settings.AUTH_USER_MODEL, verbose_name='職員')),
            ],
            options={
                'verbose_name': '配属',
                'ordering': ('start',),
                'constraints': [models.CheckConstraint(condition=models.Q(('end__isnull', True), ('end__gte', models.F('start')), _connector='OR'), name='posting_dates')],
            },
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('auditor', '監査'), ('it', 'システム管理')], max_length=20, verbose_name='役割')),
                ('start', models.DateField(verbose_name='開始日')),
                ('end', models.DateField(blank=True, null=True, verbose_name='終了日')),
                ('granted_by', models.ForeignKey(help_text='最初の設定で、まだ職員がいないときだけ空になります', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='付与した職員')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_grants', to=settings.AUTH_USER_MODEL, verbose_name='職員')),
            ],
            options={
                'verbose_name': '役割の付与',
                'ordering': ('start',),
                'constraints': [models.CheckConstraint(condition=models.Q(('granted_by__isnull', True), models.Q(('granted_by', models.F('person')), _negated=True), _connector='OR'), name='no_role_for_oneself'), models.CheckConstraint(condition=models.Q(('end__isnull', True), ('end__gte', models.F('start')), _connector='OR'), name='grant_dates')],
            },
        ),
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.DateField(verbose_name='開始日')),
                ('end', models.DateField(blank=True, null=True, verbose_name='終了日')),
                ('reason', models.CharField(max_length=100, verbose_name='事由')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='absences', to=settings.AUTH_USER_MODEL, verbose_name='職員')),
            ],
            options={
                'verbose_name': '不在',
                'ordering': ('-start',),
                'constraints': [models.CheckConstraint(condition=models.Q(('end__isnull', True), ('end__gte', models.F('start')), _connector='OR'), name='absence_dates')],
            },
        ),
    ]
