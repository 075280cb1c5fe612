"""One view of posts on accounts at their times, and the indexes that calendar and lists are read by."""

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

# Left joins: where a page asks for neither content nor address, the planner leaves them out.
VIEW = """
CREATE VIEW koshiki_slot AS
SELECT 'd' || d.id AS key, d.post_id, d.account_id, coalesce(d.sent_at, d.due_at) AS at, d.state AS delivery,
       d.url, t.content, md5(t.content) AS wording
FROM koshiki_delivery d
LEFT JOIN koshiki_approval a ON a.id = d.approval_id
LEFT JOIN koshiki_revisiontarget t ON t.revision_id = a.revision_id AND t.account_id = d.account_id
WHERE NOT d.state = 'cancelled' AND d.segment = 0
UNION ALL
SELECT 't' || t.id, r.post_id, t.account_id, r.due_at, '', '', t.content, md5(t.content)
FROM koshiki_revision r
JOIN koshiki_post p ON p.id = r.post_id
JOIN koshiki_revisiontarget t ON t.revision_id = r.id
WHERE p.state <> 'approved'
  AND NOT EXISTS (SELECT FROM koshiki_revision n WHERE n.post_id = r.post_id AND n.number > r.number);
"""
OPEN = ["waiting", "claimed", "sending", "retry", "unknown", "person", "held", "failed"]
LIVE = models.Q(("state", "cancelled"), _negated=True)
TIME = django.db.models.functions.comparison.Coalesce("sent_at", "due_at")


class Migration(migrations.Migration):

    dependencies = [
        ("koshiki", "0011_import"),
    ]

    operations = [
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("key", models.CharField(max_length=30, primary_key=True, serialize=False, verbose_name="番号")),
                ("at", models.DateTimeField(help_text="空なら、承認されたらすぐ", null=True, verbose_name="日時")),
                ("delivery", models.CharField(help_text="承認されていなければ空", max_length=20, verbose_name="配信の状態")),
                ("url", models.CharField(max_length=500, verbose_name="投稿のアドレス")),
                ("content", models.TextField(help_text="正準 JSON", verbose_name="内容")),
                ("wording", models.CharField(help_text="同じ内容なら同じ値", max_length=32, verbose_name="内容の値")),
            ],
            options={"verbose_name": "予定", "db_table": "koshiki_slot", "managed": False},
        ),
        migrations.AddIndex("delivery", models.Index(fields=["post"], condition=models.Q(("state__in", OPEN)),
                                                     name="deliveries_open")),
        migrations.AddIndex("delivery", models.Index(TIME, condition=LIVE, name="deliveries_by_time")),
        migrations.AddIndex("delivery", models.Index(models.F("account"), TIME, condition=LIVE,
                                                     name="deliveries_of_account")),
        migrations.AddIndex("post", models.Index(fields=["-created_at", "-id"], name="posts_newest_first")),
        migrations.AddIndex("revision", models.Index(fields=["due_at"], name="revisions_by_time")),
        migrations.AddIndex("revisiontarget", models.Index(
            models.F("account"), django.db.models.functions.text.MD5("content"), name="targets_by_wording")),
        migrations.RunSQL(VIEW, "DROP VIEW koshiki_slot"),
    ]
