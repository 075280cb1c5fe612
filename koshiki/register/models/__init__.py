"""The register's tables (§6, §7): accounts, how they came to be, who works on them, what stops them."""

from koshiki.register.models.account import Account
from koshiki.register.models.application import Application, Decision, Review, ServiceChange
from koshiki.register.models.assignment import Assignment
from koshiki.register.models.budget import Allowance, Spending
from koshiki.register.models.closing import Closing, ClosingCheck
from koshiki.register.models.connection import Connection, ConnectionAttempt, ServiceApp
from koshiki.register.models.file import StoredFile
from koshiki.register.models.hold import Hold
from koshiki.register.models.incoming import Incoming, Inlet
from koshiki.register.models.notification import Notification
from koshiki.register.models.page import RegisterPage, RegisterPageCheck
from koshiki.register.models.policy import Policy, PolicyReading
from koshiki.register.models.policy_change import PolicyChange, PolicyDecision
from koshiki.register.models.profile import ProfileCheck, ProfileException, ProfileFinding, Verification

__all__ = [
    "Account",
    "Allowance",
    "Application",
    "Assignment",
    "Closing",
    "ClosingCheck",
    "Connection",
    "ConnectionAttempt",
    "Decision",
    "Hold",
    "Incoming",
    "Inlet",
    "Notification",
    "Policy",
    "PolicyChange",
    "PolicyDecision",
    "PolicyReading",
    "ProfileCheck",
    "ProfileException",
    "ProfileFinding",
    "RegisterPage",
    "RegisterPageCheck",
    "Review",
    "ServiceApp",
    "ServiceChange",
    "Spending",
    "StoredFile",
    "Verification",
]
