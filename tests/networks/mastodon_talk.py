"""What the small server of the Mastodon API does after publishing: edits, deletions, what others write, search."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.networks.mastodon_server import Account, Status, _Handler


def edit(handler: _Handler, status_id: str) -> None:
    """As Mastodon does: media that are not named again are dropped."""
    if (status := _own(handler, status_id)) is None:
        return
    handler.publishing(lambda: _changed(handler, status), lambda changed: handler.send_json(handler.status_json(changed)))


def _changed(handler: _Handler, status: Status) -> Status:
    form = handler.form()
    changed = replace(status, text=form["status"], media_ids=tuple(form.get("media_ids") or ()),
                      edited_at=datetime.now(UTC))  # fmt: skip
    handler.state.statuses[handler.state.statuses.index(status)] = changed
    return changed


def delete(handler: _Handler, status_id: str) -> None:
    if status := _own(handler, status_id):
        handler.state.statuses.remove(status)
        handler.send_json(handler.status_json(status))


def notifications(handler: _Handler, _rest: str) -> None:
    if not (account := handler.caller()):
        return handler.refuse_token()
    if handler.state.list_answer is not None:
        return handler.send_json(handler.state.list_answer)
    before = int(handler.query.get("max_id", 10**30))
    mentions = [s for s in reversed(handler.state.statuses) if _mentions(s, account) and int(s.id) < before]
    told = [_notification(handler, status) for status in mentions[: handler.state.page]]
    return handler.send_json(told)


def search(handler: _Handler, _rest: str) -> None:
    if not handler.caller():
        return handler.refuse_token()
    words, kind = handler.query["q"], handler.query["type"]
    found = [a for a in handler.state.accounts.values() if words in a.username] if kind == "accounts" else []
    return handler.send_json({"accounts": [handler.account_json(a) for a in found], "statuses": [], "hashtags": []})


def _own(handler: _Handler, status_id: str) -> Status | None:
    """The caller's own status; where there is none, that is the answer."""
    if not (account := handler.caller()):
        handler.refuse_token()
        return None
    mine = [s for s in handler.state.statuses if s.id == status_id and s.account is account]
    if not mine:
        handler.send_json({"error": "Record not found"}, 404)
    return mine[0] if mine else None


def _mentions(status: Status, account: Account) -> bool:
    return status.account is not account and f"@{account.username}" in status.text


def _notification(handler: _Handler, status: Status) -> dict[str, Any]:
    told = handler.status_json(status)
    return {"id": status.id, "type": "mention", "created_at": told["created_at"], "account": told["account"],
            "status": told}  # fmt: skip
