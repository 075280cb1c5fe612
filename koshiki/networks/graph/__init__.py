"""What Facebook and Instagram share: Meta's Graph API, the sign-in at Facebook, the app that IT registers once.

errors.py what its errors mean → api.py its calls → connecting.py the sign-in → here the class both derive from.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from koshiki.networks.base import Beginning, Identifies, KeyField, Link, Secret, SignsIn
from koshiki.networks.graph import connecting
from koshiki.networks.graph.api import VERSION, Graph

CLOCKS_APART = timedelta(minutes=2)
WATCHED = timedelta(days=60)
"""How old a publication may be for its comments to be read: neither service lists comments beyond one publication."""


class OnGraph(SignsIn, Identifies):
    api: ClassVar[str] = f"https://graph.facebook.com/{VERSION}"
    dialog: ClassVar[str] = f"https://www.facebook.com/{VERSION}/dialog/oauth"
    app_fields: ClassVar[tuple[KeyField, ...]] = connecting.APP_FIELDS
    scopes: ClassVar[tuple[str, ...]]
    """The permissions that are asked for, all of them needed."""

    def __init__(self, link: Link | None = None) -> None:
        super().__init__(link)
        self._graph = Graph(self.api, self.link.secrets)

    @property
    def skew(self) -> float | None:  # type: ignore[override]
        return self._graph.skew

    @property
    def own_id(self) -> str:
        """The account's id at the service, known since it was connected."""
        return str(self.link.facts.get("remote_account_id", ""))

    @classmethod
    def begin(cls, app: Mapping[str, Secret], server: str, redirect_uri: str) -> Beginning:
        return connecting.begin(cls.dialog, app, cls.scopes, redirect_uri)
