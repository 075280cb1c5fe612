"""The view of posts on accounts is read without the tables of posts and revisions: a month of a large city holds thousands."""

from django.db import migrations, models

VIEW = """
DROP VIEW koshiki_slot;
CREATE VIEW koshiki_slot AS
SELECT 'd' || d.id AS key, d.post_id, d.account_id, coalesce(d.sent_at, d.due_at) AS at, d.state AS delivery,
       'approved' AS state, d.url, t.content, md5(t.content) AS wording
FROM koshiki_delivery d
LEFT JOIN koshiki_approval a ON a.id = d.approval_id
LEFT JOIN koshiki_revisiontarget t ON t.revision_id = a.revision_id AND t.account_id = d.account_id
WHERE NOT d.state = 'cancelled' AND d.segment = 0
UNION ALL
SELECT 't' || t.id, r.post_id, t.account_id, r.due_at, '', p.state, '', t.content, md5(t.content)
FROM koshiki_revision r
JOIN koshiki_post p ON p.id = r.post_id
JOIN koshiki_revisiontarget t ON t.revision_id = r.id
WHERE p.state <> 'approved'
  AND NOT EXISTS (SELECT FROM koshiki_revision n WHERE n.post_id = r.post_id AND n.number > r.number);
"""
BEFORE = """
DROP VIEW koshiki_slot;
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

class Migration(migrations.Migration):

    dependencies = [
        ("koshiki", "0014_hand_over"),
    ]

    operations = [
        migrations.RemoveIndex("revision", "revisions_by_time"),
        migrations.AddIndex("revision", models.Index(fields=["due_at"], include=["post", "number", "id"],
                                                     name="revisions_by_time")),
        migrations.RunSQL(VIEW, BEFORE),
    ]
