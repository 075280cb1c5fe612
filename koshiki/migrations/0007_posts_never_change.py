"""What was written and approved never changes, and who wrote it cannot approve it (§8(1)): whoever asks."""

from django.db import migrations

WRITTEN = ("revision", "revisiontarget", "revisionmedium", "outsidelink", "medium", "rendition")

FUNCTIONS = """
CREATE FUNCTION koshiki_digest_is_of_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.digest <> encode(sha256(convert_to(NEW.canonical, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'koshiki: §8(1) the digest is not that of the content'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION koshiki_approvals_fall_with_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM koshiki_approvaltarget t JOIN koshiki_revision r ON r.id = t.revision_id
               WHERE t.standing AND r.post_id = NEW.post_id AND r.number < NEW.number) THEN
        RAISE EXCEPTION 'koshiki: §8(1) an approval of an earlier revision still stands'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION koshiki_approval_is_anothers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    read koshiki_revision%ROWTYPE;
    returned integer;
BEGIN
    SELECT * INTO read FROM koshiki_revision WHERE id = NEW.revision_id;
    PERFORM 1 FROM koshiki_post WHERE id = read.post_id FOR UPDATE;
    IF NEW.digest <> read.digest THEN
        RAISE EXCEPTION 'koshiki: §8(1) the approval binds another content'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM koshiki_revision WHERE post_id = read.post_id AND number > read.number) THEN
        RAISE EXCEPTION 'koshiki: §8(1) there is a newer revision'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT coalesce(max(r.number), 0) INTO returned
        FROM koshiki_remark m JOIN koshiki_revision r ON r.id = m.revision_id
        WHERE m.post_id = read.post_id AND m.kind = 'return' AND r.number < read.number;
    IF EXISTS (SELECT 1 FROM koshiki_post WHERE id = read.post_id AND created_by_id = NEW.approver_id)
       OR EXISTS (SELECT 1 FROM koshiki_revision WHERE post_id = read.post_id
                  AND author_id = NEW.approver_id AND number > returned AND number <= read.number) THEN
        RAISE EXCEPTION 'koshiki: §8(1) nobody approves what they wrote'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION koshiki_approved_target() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM koshiki_approval WHERE id = NEW.approval_id
                   AND revision_id = NEW.revision_id AND withdrawn_at IS NULL)
       OR NOT EXISTS (SELECT 1 FROM koshiki_revisiontarget WHERE revision_id = NEW.revision_id
                      AND account_id = NEW.account_id) THEN
        RAISE EXCEPTION 'koshiki: §8(1) this account is not part of what was approved'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""

# While the condition holds, these columns may change; afterwards nothing does.
ONLY_THESE = {
    **dict.fromkeys(WRITTEN, ("false", "")),
    "approval": ("OLD.withdrawn_at IS NULL", "'withdrawn_at', 'withdrawn_by_id', 'withdrawn_for'"),
    "approvaltarget": ("OLD.standing", "'standing'"),
    "remark": ("OLD.taken_at IS NULL", "'taken_at'"),
}


def _stays(table: str) -> str:
    condition, columns = ONLY_THESE[table]
    return (
        f"CREATE TRIGGER {table}_changes_only_so BEFORE UPDATE ON koshiki_{table} FOR EACH ROW"
        f" WHEN ({condition}) EXECUTE FUNCTION koshiki_only_these_change({columns});\n"
        f"CREATE TRIGGER {table}_does_not_change BEFORE UPDATE ON koshiki_{table} FOR EACH ROW"
        f" WHEN (NOT ({condition})) EXECUTE FUNCTION koshiki_only_these_change();\n"
        f"CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON koshiki_{table} FOR EACH ROW"
        " EXECUTE FUNCTION koshiki_refuse_delete();\n"
    )


TRIGGERS = "".join(map(_stays, ONLY_THESE)) + """
CREATE TRIGGER revision_has_its_digest BEFORE INSERT ON koshiki_revision
    FOR EACH ROW EXECUTE FUNCTION koshiki_digest_is_of_revision();
CREATE CONSTRAINT TRIGGER approvals_fall_with_revision AFTER INSERT ON koshiki_revision
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION koshiki_approvals_fall_with_revision();
CREATE CONSTRAINT TRIGGER approval_is_anothers AFTER INSERT ON koshiki_approval
    FOR EACH ROW EXECUTE FUNCTION koshiki_approval_is_anothers();
CREATE TRIGGER approved_target BEFORE INSERT ON koshiki_approvaltarget
    FOR EACH ROW EXECUTE FUNCTION koshiki_approved_target();
"""

UNDO = "".join(
    f"DROP TRIGGER {table}_{what} ON koshiki_{table};\n"
    for table in ONLY_THESE for what in ("changes_only_so", "does_not_change", "is_never_deleted")
) + """
DROP TRIGGER revision_has_its_digest ON koshiki_revision;
DROP TRIGGER approvals_fall_with_revision ON koshiki_revision;
DROP TRIGGER approval_is_anothers ON koshiki_approval;
DROP TRIGGER approved_target ON koshiki_approvaltarget;
DROP FUNCTION koshiki_digest_is_of_revision();
DROP FUNCTION koshiki_approvals_fall_with_revision();
DROP FUNCTION koshiki_approval_is_anothers();
DROP FUNCTION koshiki_approved_target();
"""


class Migration(migrations.Migration):
    dependencies = [("koshiki", "0006_opening_never_changes")]
    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO)]
