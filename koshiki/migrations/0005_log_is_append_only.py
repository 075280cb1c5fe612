"""The log's entries are only ever added to: whoever asks, the database refuses anything else."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION koshiki_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'koshiki: the log is append-only (% on %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE ON koshiki_entry
    FOR EACH ROW EXECUTE FUNCTION koshiki_log_is_append_only();
CREATE TRIGGER entry_is_not_truncated BEFORE TRUNCATE ON koshiki_entry
    FOR EACH STATEMENT EXECUTE FUNCTION koshiki_log_is_append_only();
CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON koshiki_head
    FOR EACH STATEMENT EXECUTE FUNCTION koshiki_log_is_append_only();
INSERT INTO koshiki_head (id, number, digest) VALUES (1, 0, '');
"""

UNDO = """
DROP TRIGGER head_stays ON koshiki_head;
DROP TRIGGER entry_is_not_truncated ON koshiki_entry;
DROP TRIGGER entry_is_append_only ON koshiki_entry;
DROP FUNCTION koshiki_log_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("koshiki", "0004_public")]
    operations = [migrations.RunSQL(APPEND_ONLY, UNDO)]
