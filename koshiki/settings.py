"""The one configuration. Everything a city sets comes from the environment; docs/operations.md lists it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from koshiki import environment
from koshiki.database import embedded

BASE_DIR = Path(__file__).resolve().parent.parent


def _home() -> Path:
    """Where this installation keeps what is its own: database, media, keys."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    usual = Path("/var/lib/koshiki") if as_root else Path.home() / ".local/share/koshiki"
    return environment.folder("KOSHIKI_HOME", usual).resolve()


def _secret_key() -> str:
    """The installation's own key, else one for this process alone (tests, first commands)."""
    path = KOSHIKI_HOME / "secret_key"
    return path.read_text().strip() if path.is_file() else secrets.token_urlsafe(50)


KOSHIKI_HOME = _home()
# Whoever starts a command by hand in a sample's folder is in the sample too.
KOSHIKI_SAMPLE = environment.switch("KOSHIKI_SAMPLE") or (
    "DATABASE_URL" not in os.environ and (KOSHIKI_HOME / "sample.loaded").is_file()
)
KOSHIKI_GUIDELINE = environment.file(
    "KOSHIKI_GUIDELINE", BASE_DIR / "koshiki/guidelines/iwata.toml", there=True)
KOSHIKI_PUBLIC_URL = environment.address("KOSHIKI_PUBLIC_URL", "http://127.0.0.1:8000/official/").rstrip("/") + "/"
# The three that all hosts of an installation share (database/folders.py), and what each host has of its own.
KOSHIKI_MEDIA = environment.folder("KOSHIKI_MEDIA", KOSHIKI_HOME / "media")
KOSHIKI_FEED = environment.folder("KOSHIKI_FEED", KOSHIKI_HOME / "feed")
KOSHIKI_PUBLIC_DIR = environment.folder("KOSHIKI_PUBLIC_DIR", KOSHIKI_HOME / "public")
KOSHIKI_KEY_RING = environment.file("KOSHIKI_KEY_RING", KOSHIKI_HOME / "keys.json")
# Networks that addresses given by people or services may lead to although they are not public (CIDR, comma).
KOSHIKI_ALLOWED_NETWORKS = (
    ("127.0.0.1/32",) if KOSHIKI_SAMPLE  # the sample reaches its own service and nothing else (networks/reach.py)
    else environment.networks("KOSHIKI_ALLOWED_NETWORKS")
)
KOSHIKI_OUTBOUND_PROXY = environment.address("KOSHIKI_OUTBOUND_PROXY", "", schemes=("https", "http"))
# Where services tell what people wrote, if not at KOSHIKI_URL; with the key it is a receiver that is emptied from inside.
KOSHIKI_INCOMING_URL = environment.address("KOSHIKI_INCOMING_URL", "")
if KOSHIKI_INCOMING_URL:
    KOSHIKI_INCOMING_URL = KOSHIKI_INCOMING_URL.rstrip("/") + "/"
KOSHIKI_RECEIVER_KEY = environment.text("KOSHIKI_RECEIVER_KEY")
KOSHIKI_URL = environment.address("KOSHIKI_URL", "http://127.0.0.1:8000/")  # the staff pages, as mails name them

KOSHIKI_KEEPS_SECRET_KEY = bool(environment.text("KOSHIKI_SECRET_KEY")) or (
    KOSHIKI_HOME / "secret_key").is_file()
SECRET_KEY = environment.text("KOSHIKI_SECRET_KEY") or _secret_key()
DEBUG = False
# The machine's own names always: whoever watches the health of this process asks from there.
ALLOWED_HOSTS = [*environment.names("KOSHIKI_HOSTS", ""), "127.0.0.1", "localhost", "[::1]"]
HTTPS = KOSHIKI_URL.startswith("https://")

INSTALLED_APPS = [
    "koshiki",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "axes",
    "csp",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "koshiki.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "koshiki.middleware.DatabaseAway",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "koshiki.organization.gate.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "koshiki.middleware.RefusedPage",
    "koshiki.organization.gate.FirstPassword",
    "koshiki.organization.gate.GuidelineFirst",
    "koshiki.organization.gate.NoteRefusal",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "koshiki.urls"
WSGI_APPLICATION = "koshiki.wsgi.application"
FORM_RENDERER = "koshiki.rendering.Renderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "koshiki/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "koshiki.desk.context.frame",
            ],
            "builtins": ["koshiki.templatetags.components"],
        },
    },
]

# Without DATABASE_URL: the embedded server of KOSHIKI_HOME. koshiki runs as one role, migrations as another.
KOSHIKI_EMBEDDED = "DATABASE_URL" not in os.environ
_cluster = embedded.Cluster(KOSHIKI_HOME)
KOSHIKI_MIGRATE_URL = _cluster.url(embedded.OWNER) if KOSHIKI_EMBEDDED else environment.text("KOSHIKI_MIGRATE_URL")
environment.database("KOSHIKI_MIGRATE_URL")  # only to say so where it is none: who migrates takes it apart
_database = (dj_database_url.parse(_cluster.url(embedded.APP)) if KOSHIKI_EMBEDDED
             else environment.database("DATABASE_URL"))
# A process that is frozen in a transaction would hold the log's last row, and with it everybody.
# Pages ask for little of much: compiling such a question takes longer than answering it, and planning it as long.
_limits = {"options": "-c idle_in_transaction_session_timeout=30s -c jit=off"}
_prepared = {"server_side_binding": True, "prepare_threshold": 2}  # the same questions come again and again
DATABASES = {
    "default": {
        **_database,
        "OPTIONS": {"connect_timeout": 10, "tcp_user_timeout": 30_000, **_prepared, **_limits, **_database.get("OPTIONS", {})},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "koshiki.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "koshiki.organization.sign_in.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("staff_number", "name", "email")}},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"

# A stranger's attempts shut out the stranger's own address for this person, never the person.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_TEMPLATE = "organization/locked_out.html"
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # who signed in stands in the log
AXES_CLIENT_IP_CALLABLE = "koshiki.organization.sign_in.address_of"

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "koshiki/locale"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "koshiki/static"]
STATIC_ROOT = KOSHIKI_HOME / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "koshiki.errors.forbidden"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = False
KOSHIKI_TRUSTED_PROXY = environment.switch("KOSHIKI_TRUSTED_PROXY")
if KOSHIKI_TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler", "koshiki.uploads.OnDisk"]
KOSHIKI_FILM_MB = environment.number("KOSHIKI_FILM_MB", 1000, most=2000)

EMAIL_HOST = "" if KOSHIKI_SAMPLE else environment.text("KOSHIKI_SMTP_HOST")
EMAIL_PORT = environment.number("KOSHIKI_SMTP_PORT", 25, most=65535)
EMAIL_HOST_USER = environment.text("KOSHIKI_SMTP_USER")
EMAIL_HOST_PASSWORD = environment.text("KOSHIKI_SMTP_PASSWORD")
EMAIL_USE_TLS = environment.switch("KOSHIKI_SMTP_TLS")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.text("KOSHIKI_MAIL_FROM", "koshiki@localhost")
# A chat's address for messages (Slack, Mattermost and others): a secret.
KOSHIKI_WEBHOOK = "" if KOSHIKI_SAMPLE else environment.webhook("KOSHIKI_WEBHOOK")

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
KOSHIKI_WORKER_CONCURRENCY = environment.number("KOSHIKI_WORKER_CONCURRENCY", 8, most=64)
# Spans of time that delivery goes by, "lease=60,settle=150"; the names stand in posts/delivery/times.py.
KOSHIKI_DELIVERY_TIMES = environment.spans("KOSHIKI_DELIVERY_TIMES")

# How gunicorn serves (management/web.py), and who may read the metrics (desk/health).
KOSHIKI_LISTEN = environment.text("KOSHIKI_LISTEN", "127.0.0.1:8000")
KOSHIKI_WEB_PROCESSES = environment.number("KOSHIKI_WEB_PROCESSES", 2, most=64)
KOSHIKI_WEB_THREADS = environment.number("KOSHIKI_WEB_THREADS", 4, most=64)
KOSHIKI_METRICS_NETWORKS = environment.networks("KOSHIKI_METRICS_NETWORKS", "127.0.0.0/8,::1/128")
KOSHIKI_METRICS_TOKEN = environment.text("KOSHIKI_METRICS_TOKEN")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "koshiki.middleware.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"procrastinate": {"level": "WARNING"}, "httpx": {"level": "WARNING"},
                "axes": {"level": "WARNING"}},
}

environment.refuse_faults()
