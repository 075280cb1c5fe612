"""Posts, their revisions, what was approved, and the deliveries (§8(1))."""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import koshiki.clock
import koshiki.networks
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('koshiki', '0002_accounts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Slot',
            fields=[
                ('key', models.CharField(max_length=30, primary_key=True, serialize=False, verbose_name='番号')),
                ('at', models.DateTimeField(help_text='空なら、承認されたらすぐ', null=True, verbose_name='日時')),
                ('delivery', models.CharField(help_text='承認されていなければ空', max_length=20, verbose_name='配信の状態')),
                ('state', models.CharField(max_length=20, verbose_name='投稿の状態')),
                ('url', models.CharField(max_length=500, verbose_name='投稿のアドレス')),
                ('content', models.TextField(help_text='正準 JSON', verbose_name='内容')),
                ('wording', models.CharField(help_text='同じ内容なら同じ値', max_length=32, verbose_name='内容の値')),
            ],
            options={
                'verbose_name': '予定',
                'db_table': 'koshiki_slot',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Breaker',
            fields=[
                ('service', models.CharField(choices=koshiki.networks.service_choices, max_length=30, primary_key=True, serialize=False, verbose_name='サービス')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='続けて失敗した回数')),
                ('until', models.DateTimeField(null=True, verbose_name='休む期限')),
            ],
            options={
                'verbose_name': '遮断',
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=koshiki.clock.now, verbose_name='承認日時')),
                ('digest', models.CharField(max_length=64, verbose_name='承認した内容の値')),
                ('confirmed', models.TextField(help_text='§5 の9項目、§8(4) の各リンク、§4(7)（正準 JSON）', verbose_name='確かめたこと')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='取消日時')),
                ('withdrawn_for', models.CharField(blank=True, max_length=300, verbose_name='取消しの理由')),
                ('approver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='承認者')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='取り消した職員')),
            ],
            options={
                'verbose_name': '承認',
                'ordering': ('at',),
            },
        ),
        migrations.CreateModel(
            name='Medium',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uploaded_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='登録日時')),
                ('name', models.CharField(max_length=200, verbose_name='元のファイル名')),
                ('sha256', models.CharField(max_length=64, verbose_name='内容の値')),
                ('mime', models.CharField(max_length=30, verbose_name='形式')),
                ('width', models.PositiveIntegerField(verbose_name='幅')),
                ('height', models.PositiveIntegerField(verbose_name='高さ')),
                ('size', models.PositiveIntegerField(verbose_name='バイト数')),
                ('milliseconds', models.PositiveIntegerField(default=0, verbose_name='長さ（ミリ秒）')),
                ('poster', models.CharField(blank=True, max_length=64, verbose_name='動画の一こまの内容の値')),
                ('rights', models.CharField(choices=[('own', '市の職員が撮影・作成したもの'), ('licensed', '利用許諾の条件により使えるもの'), ('permitted', '権利者の許可を得たもの')], max_length=20, verbose_name='権利')),
                ('rights_evidence', models.CharField(blank=True, max_length=300, verbose_name='権利の根拠')),
                ('people', models.CharField(choices=[('none', 'だれかと分かる人は写っていない'), ('consented', '写っている人の同意を得ている')], max_length=20, verbose_name='写っている人')),
                ('consent_who', models.CharField(blank=True, max_length=200, verbose_name='同意した人')),
                ('consent_purpose', models.CharField(blank=True, max_length=200, verbose_name='同意の目的')),
                ('consent_until', models.DateField(blank=True, null=True, verbose_name='同意の期限')),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.division', verbose_name='所属')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登録した職員')),
            ],
            options={
                'verbose_name': '素材',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('people', 'consented'), _negated=True), models.Q(models.Q(('consent_who', ''), _negated=True), models.Q(('consent_purpose', ''), _negated=True)), _connector='OR'), name='consent_says_who_and_what_for'), models.CheckConstraint(condition=models.Q(('rights', 'own'), models.Q(('rights_evidence', ''), _negated=True), _connector='OR'), name='rights_of_others_have_evidence')],
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, help_text='同じ画面から二度起案しても、投稿は一つ', unique=True, verbose_name='起案の鍵')),
                ('title', models.CharField(help_text='庁内での呼び名。発信されません', max_length=100, verbose_name='件名')),
                ('state', models.CharField(choices=[('draft', '下書き'), ('submitted', '承認待ち'), ('returned', '差戻し'), ('approved', '承認済み'), ('withdrawn', '取下げ')], db_index=True, default='draft', max_length=20, verbose_name='状態')),
                ('created_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='起案日時')),
                ('moved_at', models.DateTimeField(default=koshiki.clock.now, verbose_name='今の状態になった日時')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='起案者')),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='koshiki.division', verbose_name='所属')),
            ],
            options={
                'verbose_name': '投稿',
                'ordering': ('-created_at', '-pk'),
                'indexes': [models.Index(fields=['-created_at', '-id'], name='posts_newest_first')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('publish', '投稿'), ('reply', '訂正の返信'), ('edit', '編集'), ('delete', '削除')], default='publish', max_length=10, verbose_name='すること')),
                ('segment', models.PositiveSmallIntegerField(default=0, help_text='続きの投稿では、いくつ目か（0から）', verbose_name='番目')),
                ('by_hand', models.BooleanField(default=False, help_text='職員が投稿すると承認されたもの', verbose_name='手渡し')),
                ('state', models.CharField(choices=[('waiting', '配信待ち'), ('claimed', '準備中'), ('sending', '配信中'), ('retry', '再送待ち'), ('sent', '配信済み'), ('failed', '失敗'), ('unknown', '結果を確認中'), ('person', '職員の確認待ち'), ('held', '停止中'), ('cancelled', '取消し'), ('offered', '手渡し待ち'), ('taken', '職員が投稿中')], default='waiting', max_length=20, verbose_name='状態')),
                ('key', models.UUIDField(default=uuid.uuid4, unique=True, verbose_name='送信の鍵')),
                ('due_at', models.DateTimeField(verbose_name='発信日時')),
                ('expires_at', models.DateTimeField(verbose_name='配信期限')),
                ('next_at', models.DateTimeField(verbose_name='次に試みる日時')),
                ('epoch', models.PositiveIntegerField(default=0, verbose_name='世代')),
                ('lease_until', models.DateTimeField(null=True, verbose_name='占有の期限')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='試行回数')),
                ('intent_at', models.DateTimeField(help_text='まだ結果の出ていない最初の送信', null=True, verbose_name='送信を始めた日時')),
                ('stage', models.TextField(default='{}', help_text='サービス側で済んだこと（JSON）', verbose_name='済んだこと')),
                ('unknown_at', models.DateTimeField(null=True, verbose_name='結果が分からなくなった日時')),
                ('negatives', models.PositiveSmallIntegerField(default=0, verbose_name='見つからなかった回数')),
                ('looked_at', models.DateTimeField(null=True, verbose_name='最後に探した日時')),
                ('remote_id', models.CharField(blank=True, max_length=300, verbose_name='サービス側の番号')),
                ('url', models.CharField(blank=True, max_length=500, verbose_name='投稿のアドレス')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='配信日時')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='理由')),
                ('clause', models.CharField(blank=True, max_length=30, verbose_name='理由の条項')),
                ('released_at', models.DateTimeField(null=True, verbose_name='停止の後に進めた日時')),
                ('evidence', models.CharField(blank=True, max_length=500, verbose_name='判断の根拠')),
                ('read_back', models.TextField(blank=True, verbose_name='読み返した内容')),
                ('read_back_at', models.DateTimeField(null=True, verbose_name='読み返した日時')),
                ('differs', models.BooleanField(default=False, verbose_name='承認した内容と違う')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='koshiki.account', verbose_name='公式アカウント')),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='koshiki.approval', verbose_name='承認')),
                ('judged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='判断した職員')),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='停止の後に進めた職員')),
                ('taken_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='投稿を引き受けた職員')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='koshiki.post', verbose_name='投稿')),
                ('wrong', models.ForeignKey(help_text='§8(3) 返信し、編集し、削除し、又は代わりに出す相手', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='koshiki.delivery', verbose_name='訂正される配信')),
            ],
            options={
                'verbose_name': '配信',
                'ordering': ('due_at', 'pk'),
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'retry', 'unknown', 'offered', 'taken'])), fields=['next_at'], name='deliveries_to_wake'), models.Index(condition=models.Q(('state__in', ['claimed', 'sending'])), fields=['lease_until'], name='deliveries_under_way'), models.Index(condition=models.Q(('state__in', ['waiting', 'claimed', 'sending', 'retry', 'unknown', 'person', 'held', 'failed', 'offered', 'taken'])), fields=['post'], name='deliveries_open'), models.Index(django.db.models.functions.comparison.Coalesce('sent_at', 'due_at'), condition=models.Q(('state', 'cancelled'), _negated=True), name='deliveries_by_time'), models.Index(models.F('account'), django.db.models.functions.comparison.Coalesce('sent_at', 'due_at'), condition=models.Q(('state', 'cancelled'), _negated=True), name='deliveries_of_account')],
                'constraints': [models.UniqueConstraint(fields=('approval', 'account', 'segment', 'verb'), name='one_delivery_per_approval'), models.UniqueConstraint(condition=models.Q(('state', 'cancelled'), _negated=True), fields=('post', 'account', 'segment', 'verb'), name='one_live_delivery_per_post'), models.UniqueConstraint(condition=models.Q(('remote_id', ''), _negated=True), fields=('account', 'remote_id'), name='remote_id_is_bound_once'), models.UniqueConstraint(condition=models.Q(('state__in', ['claimed', 'sending'])), fields=('account',), name='one_under_way_per_account'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['claimed', 'sending']), _negated=True), ('lease_until__isnull', False), _connector='OR'), name='under_way_has_lease'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sending', 'unknown', 'taken']), _negated=True), ('intent_at__isnull', False), _connector='OR'), name='sending_has_intent'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'taken'), _negated=True), ('taken_by__isnull', False), _connector='OR'), name='taken_says_by_whom'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='sent_says_when'), models.CheckConstraint(condition=models.Q(('judged_by__isnull', True), models.Q(('evidence', ''), _negated=True), _connector='OR'), name='judgement_has_evidence'), models.UniqueConstraint(condition=models.Q(('verb__in', ['edit', 'delete']), models.Q(('state__in', ['cancelled', 'failed']), _negated=True)), fields=('wrong',), name='one_change_of_each'), models.CheckConstraint(condition=models.Q(('verb', 'publish'), ('wrong__isnull', False), _connector='OR'), name='correction_says_of_what')],
            },
        ),
        migrations.CreateModel(
            name='Rendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.CharField(choices=koshiki.networks.service_choices, max_length=30, verbose_name='サービス')),
                ('rules', models.CharField(max_length=200, verbose_name='変換の条件')),
                ('sha256', models.CharField(max_length=64, verbose_name='内容の値')),
                ('mime', models.CharField(max_length=30, verbose_name='形式')),
                ('width', models.PositiveIntegerField(verbose_name='幅')),
                ('height', models.PositiveIntegerField(verbose_name='高さ')),
                ('size', models.PositiveIntegerField(verbose_name='バイト数')),
                ('milliseconds', models.PositiveIntegerField(default=0, verbose_name='長さ（ミリ秒）')),
                ('poster', models.CharField(blank=True, max_length=64, verbose_name='動画の一こまの内容の値')),
                ('medium', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='renditions', to='koshiki.medium', verbose_name='素材')),
            ],
            options={
                'verbose_name': '変換画像',
                'constraints': [models.UniqueConstraint(fields=('medium', 'service', 'rules'), name='one_rendition_of_each_kind')],
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='版数')),
                ('at', models.DateTimeField(default=koshiki.clock.now, verbose_name='日時')),
                ('basis', models.CharField(help_text='§4(4) 要綱、通知、決裁番号、担当への確認など', max_length=300, verbose_name='根拠')),
                ('due_at', models.DateTimeField(blank=True, help_text='空なら、承認されたらすぐ', null=True, verbose_name='発信日時')),
                ('expires_after', models.PositiveIntegerField(default=30, verbose_name='配信期限（分）')),
                ('canonical', models.TextField(verbose_name='発信するもの')),
                ('digest', models.CharField(db_index=True, max_length=64, verbose_name='内容の値')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='書いた職員')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='koshiki.post', verbose_name='投稿')),
            ],
            options={
                'verbose_name': '版',
                'ordering': ('number',),
                'indexes': [models.Index(fields=['due_at'], include=('post', 'number', 'id'), name='revisions_by_time')],
                'constraints': [models.UniqueConstraint(fields=('post', 'number'), name='one_revision_number')],
            },
        ),
        migrations.CreateModel(
            name='Remark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=koshiki.clock.now, verbose_name='日時')),
                ('kind', models.CharField(choices=[('return', '差戻し'), ('suggestion', '文案の提案')], max_length=20, verbose_name='種類')),
                ('text', models.TextField(verbose_name='意見')),
                ('suggestion', models.TextField(blank=True, help_text='発信先ごとの内容（正準 JSON）', verbose_name='提案する文')),
                ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='取り入れた日時')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='書いた職員')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remarks', to='koshiki.post', verbose_name='投稿')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remarks', to='koshiki.revision', verbose_name='版')),
            ],
            options={
                'verbose_name': '差戻し・意見',
                'ordering': ('at',),
            },
        ),
        migrations.CreateModel(
            name='OutsideLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=500, verbose_name='アドレス')),
                ('host', models.CharField(max_length=255, verbose_name='ホスト')),
                ('reason', models.CharField(max_length=300, verbose_name='理由')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outside_links', to='koshiki.revision', verbose_name='版')),
            ],
            options={
                'verbose_name': '市以外へのリンク',
                'ordering': ('pk',),
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='outside_link_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='ApprovalTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('standing', models.BooleanField(default=True, verbose_name='有効')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.account', verbose_name='公式アカウント')),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='koshiki.approval', verbose_name='承認')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.revision', verbose_name='版')),
            ],
            options={
                'verbose_name': '承認した発信先',
                'constraints': [models.UniqueConstraint(condition=models.Q(('standing', True)), fields=('revision', 'account'), name='one_standing_approval')],
            },
        ),
        migrations.AddField(
            model_name='approval',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='koshiki.revision', verbose_name='版'),
        ),
        migrations.CreateModel(
            name='RevisionMedium',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.PositiveSmallIntegerField(verbose_name='順')),
                ('alt', models.CharField(max_length=1500, verbose_name='代替テキスト')),
                ('medium', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.medium', verbose_name='素材')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='media', to='koshiki.revision', verbose_name='版')),
            ],
            options={
                'verbose_name': '添付',
                'ordering': ('order',),
                'constraints': [models.UniqueConstraint(fields=('revision', 'order'), name='one_medium_at_each_place'), models.CheckConstraint(condition=models.Q(('alt', ''), _negated=True), name='alt_text_is_there')],
            },
        ),
        migrations.CreateModel(
            name='RevisionTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.TextField(help_text='正準 JSON', verbose_name='内容')),
                ('way', models.CharField(blank=True, choices=[('reply', '訂正の返信'), ('edit', '編集'), ('notice', '訂正の新しい投稿'), ('repost', '削除して再投稿'), ('take_down', '削除（取下げ）')], help_text='訂正でなければ空', max_length=10, verbose_name='訂正の方法')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='koshiki.account', verbose_name='公式アカウント')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='targets', to='koshiki.revision', verbose_name='版')),
            ],
            options={
                'verbose_name': '発信先',
                'ordering': ('pk',),
                'indexes': [models.Index(models.F('account'), django.db.models.functions.text.MD5('content'), name='targets_by_wording')],
                'constraints': [models.UniqueConstraint(fields=('revision', 'account'), name='one_target_of_each_account')],
            },
        ),
    ]
