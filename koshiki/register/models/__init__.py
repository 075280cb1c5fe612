"""The register's tables (§6, §7): accounts, who works on them, how they are connected, what stops them."""

from koshiki.register.models.account import Account
from koshiki.register.models.assignment import Assignment
from koshiki.register.models.connection import Connection
from koshiki.register.models.hold import Hold

__all__ = ["Account", "Assignment", "Connection", "Hold"]
