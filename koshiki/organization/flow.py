"""Who may keep what of the organisation: people and divisions by IT, deputies and absences by heads."""

from __future__ import annotations

from koshiki.guideline import Refused
from koshiki.organization.models import Division, Person
from koshiki.organization.roles import belongs, heads, is_auditor, is_it

CLAUSE = "K-organization"
IT_WORD = "システム管理の役割を持つ職員"


def sees_people(person: Person) -> bool:
    """All people with their postings and roles: IT, the auditors, the two divisions of duty."""
    return is_it(person) or is_auditor(person) or bool(person.standing.services)


def sees_staff_of(person: Person, division: Division) -> bool:
    """A division's people and their confirmations: its own, and who sees all people."""
    return belongs(person, division) or sees_people(person)


def keeps_absences_of(person: Person, other: Person) -> bool:
    """Who reports somebody's absence: the person, a head of the person's division, IT; never one's own head's
    deputy, whom it would let decide (K-role)."""
    if person == other:
        return True
    theirs = set(other.standing.divisions)
    gains = theirs & set(person.standing.deputy_of)
    return not gains and (is_it(person) or bool(theirs & set(person.standing.headed)))


def require_it(by: Person) -> None:
    """Raises Refused unless `by` has the role IT now."""
    if not is_it(by.afresh()):
        raise Refused(CLAUSE, f"行えるのは、{IT_WORD}です。", who=IT_WORD)


def require_another(by: Person, person: Person, what: str) -> None:
    """Raises Refused K-role when somebody does to themself what another has to do."""
    if by.pk == person.pk:
        raise Refused("K-role", f"自分の{what}は、自分では行えません。",
                      now="システム管理の役割を持つ、ほかの職員に頼んでください。", who=f"ほかの{IT_WORD}")


def require_head(by: Person, division: Division) -> None:
    """Raises Refused unless `by` heads the division now."""
    if not heads(by.afresh(), division):
        raise Refused(CLAUSE, f"行えるのは、{division}の所属長です。", who=f"{division}の所属長")
