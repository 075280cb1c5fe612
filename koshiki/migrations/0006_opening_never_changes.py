"""What deciders read and gave stays as it was (§6(1)); a policy in force and a submitted form too (§6(2), §6(3)ア).

An application is approved only with every decision of its route; decisions come only while it is open.
"""

from django.db import migrations

FROZEN = """
CREATE FUNCTION koshiki_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'koshiki: % is never deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION koshiki_only_these_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - coalesce(TG_ARGV, ARRAY[]::text[]) <> to_jsonb(NEW) - coalesce(TG_ARGV, ARRAY[]::text[]) THEN
        RAISE EXCEPTION 'koshiki: % does not change', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER application_does_not_change BEFORE UPDATE ON koshiki_application
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change('outcome', 'closed_at');
CREATE TRIGGER decision_does_not_change BEFORE UPDATE ON koshiki_decision
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change('read_by_id', 'read_at');
CREATE TRIGGER notification_does_not_change BEFORE UPDATE ON koshiki_notification
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change(
        'received_at', 'received_by_id', 'returned_at', 'returned_by_id', 'comment');
CREATE TRIGGER policy_in_force_does_not_change BEFORE UPDATE ON koshiki_policy
    FOR EACH ROW WHEN (OLD.completed_at IS NOT NULL) EXECUTE FUNCTION koshiki_only_these_change(
        'shared_at', 'shared_by_id', 'place_shown', 'shown_evidence_id', 'not_shown_reason');
CREATE TRIGGER profile_check_does_not_change BEFORE UPDATE ON koshiki_profilecheck
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change();
CREATE TRIGGER stored_file_does_not_change BEFORE UPDATE ON koshiki_storedfile
    FOR EACH ROW EXECUTE FUNCTION koshiki_only_these_change();
"""

NEVER_DELETED = "application decision notification policy policyreading profilecheck profileexception storedfile".split()

WHOLE = """
CREATE FUNCTION koshiki_application_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome <> '' THEN
        RAISE EXCEPTION 'koshiki: a closed application stays closed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.outcome = 'approved' AND EXISTS (
        SELECT 1 FROM unnest(NEW.route) AS needed WHERE NOT EXISTS (
            SELECT 1 FROM koshiki_decision d WHERE d.application_id = NEW.id AND d.outcome = 'approve'
                AND d.digest = NEW.digest AND needed IN (d.step, d.stands_for))) THEN
        RAISE EXCEPTION 'koshiki: approved only with every decision of the route'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER application_is_whole BEFORE UPDATE OF outcome ON koshiki_application
    FOR EACH ROW WHEN (OLD.outcome IS DISTINCT FROM NEW.outcome) EXECUTE FUNCTION koshiki_application_is_whole();

CREATE FUNCTION koshiki_decision_on_open_application() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM koshiki_application a WHERE a.id = NEW.application_id AND a.outcome = ''
                   AND a.digest = NEW.digest AND NEW.step = ANY (a.route)) THEN
        RAISE EXCEPTION 'koshiki: decisions are given on an open application, on what was read'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decision_on_open_application BEFORE INSERT ON koshiki_decision
    FOR EACH ROW EXECUTE FUNCTION koshiki_decision_on_open_application();
"""

UNDO = """
DROP TRIGGER decision_on_open_application ON koshiki_decision;
DROP TRIGGER application_is_whole ON koshiki_application;
DROP TRIGGER application_does_not_change ON koshiki_application;
DROP TRIGGER decision_does_not_change ON koshiki_decision;
DROP TRIGGER notification_does_not_change ON koshiki_notification;
DROP TRIGGER policy_in_force_does_not_change ON koshiki_policy;
DROP TRIGGER profile_check_does_not_change ON koshiki_profilecheck;
DROP TRIGGER stored_file_does_not_change ON koshiki_storedfile;
DROP FUNCTION koshiki_decision_on_open_application();
DROP FUNCTION koshiki_application_is_whole();
DROP FUNCTION koshiki_only_these_change();
DROP FUNCTION koshiki_refuse_delete() CASCADE;
"""


def _never_deleted(table: str) -> str:
    return (f"CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON koshiki_{table} "
            "FOR EACH ROW EXECUTE FUNCTION koshiki_refuse_delete();")


class Migration(migrations.Migration):
    dependencies = [("koshiki", "0005_log_is_append_only")]
    operations = [migrations.RunSQL("\n".join([FROZEN, *map(_never_deleted, NEVER_DELETED), WHOLE]), UNDO)]
