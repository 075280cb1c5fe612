"""The view of posts on accounts at their times, which calendar and lists are read by.

Left joins: where a page asks for neither content nor address, the planner leaves them out. The tables of posts and
revisions stay out of what is delivered: a month of a large city holds thousands. A deletion that only makes room for
the new post (§8(3)) is not a time of its own.
"""

from django.db import migrations

VIEW = """
CREATE VIEW koshiki_slot AS
SELECT 'd' || d.id AS key, d.post_id, d.account_id, coalesce(d.sent_at, d.due_at) AS at, d.state AS delivery,
       'approved' AS state, d.url, t.content, md5(t.content) AS wording
FROM koshiki_delivery d
LEFT JOIN koshiki_approval a ON a.id = d.approval_id
LEFT JOIN koshiki_revisiontarget t ON t.revision_id = a.revision_id AND t.account_id = d.account_id
WHERE NOT d.state = 'cancelled' AND d.segment = 0
    AND (d.verb <> 'delete' OR NOT EXISTS (
    SELECT FROM koshiki_delivery p WHERE p.post_id = d.post_id AND p.account_id = d.account_id
        AND p.segment = 0 AND p.verb = 'publish' AND p.state <> 'cancelled'))
UNION ALL
SELECT 't' || t.id, r.post_id, t.account_id, r.due_at, '', p.state, '', t.content, md5(t.content)
FROM koshiki_revision r
JOIN koshiki_post p ON p.id = r.post_id
JOIN koshiki_revisiontarget t ON t.revision_id = r.id
WHERE p.state <> 'approved'
  AND NOT EXISTS (SELECT FROM koshiki_revision n WHERE n.post_id = r.post_id AND n.number > r.number);
"""


class Migration(migrations.Migration):
    dependencies = [("koshiki", "0007_posts_never_change")]
    operations = [migrations.RunSQL(VIEW, "DROP VIEW koshiki_slot")]
