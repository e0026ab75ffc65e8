"""All settings, read once from the environment by strict readers. `.env.example` explains every name.

`HOLDFAST_ENV` says where we run: production (the default), development (`make run`) or test (`make test`).
A `.env` file fills in what the environment does not say. Production has no default for a secret and refuses to
start half-configured.
"""

import logging
import os
from datetime import timedelta
from pathlib import Path

import environ
import pghistory
import pgtrigger
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from backoffice.embedded.state import development_env, nowhere_env
from backoffice.lib.env import EnvReader
from backoffice.logging import configure_logging
from backoffice.navigation import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent

if os.environ.get("HOLDFAST_ENV") != "test":
    environ.Env.read_env(BASE_DIR / ".env")

HOLDFAST_ENV = EnvReader(os.environ).text("HOLDFAST_ENV", "production")
IS_PRODUCTION = HOLDFAST_ENV not in {"development", "test"}
FALLBACKS = {"development": development_env, "test": nowhere_env}

env = EnvReader(os.environ, {} if IS_PRODUCTION else FALLBACKS[HOLDFAST_ENV](BASE_DIR))
env.choice("HOLDFAST_ENV", {"production", "development", "test"}, "production")

# Who we are
SECRET_KEY = env.secret("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
HOLDFAST_TOKEN_KEYS = env.keys("HOLDFAST_TOKEN_KEYS")
HOLDFAST_IDENTITY_KEY = env.key("HOLDFAST_IDENTITY_KEY")
HOLDFAST_RECORD_KEYS = env.keys("HOLDFAST_RECORD_KEYS")
HOLDFAST_DEMO_PASSWORD = "" if IS_PRODUCTION else env.text("HOLDFAST_DEMO_PASSWORD", "")  # of `seed_demo`'s logins
DEBUG = env.boolean("DEBUG", False)
ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_structlog",
    "pgtrigger",
    "pghistory",
    "axes",
    "csp",
    "backoffice",
    "backoffice.lib",
    "promotions",
    "orders",
    "risk",
]

# The order matters: static files are answered first and not logged, every line of log after that carries a
# request id, history needs to know who is logged in, and axes must see the answer of the login view last.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backoffice.logging.RequestLogMiddleware",
    "backoffice.watchman.WatchmanMiddleware",
    "backoffice.middleware.BodyLimitMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backoffice.lib.audit.HistoryMiddleware",
    "backoffice.middleware.StaffTimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# PostgreSQL, the one store of record. Web processes share a pool among their threads (`backoffice/gunicorn.py`
# says so); commands and Celery's processes keep one connection each.
DATABASES = {"default": env.postgres("DATABASE_URL") | {"ATOMIC_REQUESTS": False, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
if env.text("HOLDFAST_DATABASE", ""):
    DATABASES["default"]["NAME"] = env.text("HOLDFAST_DATABASE")  # another one on the same server, such as a kept replay
# Only the statements of the claim and of triggers are prepared: one plan for any value does for all of them, while choosing one
# anew for each costs as much as running it. An `options` in the URL wins.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c plan_cache_mode=force_generic_plan")
HOLDFAST_DATABASE_IS_GIVEN = bool(os.environ.get("DATABASE_URL"))  # else a replay starts a PostgreSQL of its own
HOLDFAST_DB_POOL_MAX = env.integer("HOLDFAST_DB_POOL_MAX", 0, least=0, most=200)
if HOLDFAST_DB_POOL_MAX:
    DATABASES["default"] |= {"ENGINE": "backoffice.lib.postgres", "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}  # the pool's part
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": HOLDFAST_DB_POOL_MAX,
        "timeout": 10,  # seconds that a request waits for a connection before it fails
    }

PGHISTORY_APPEND_ONLY = True
PGHISTORY_LEVEL = pgtrigger.Statement
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())

# Celery: the database owns the work, a message only wakes it up
CELERY_BROKER_URL = env.text("REDIS_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 3,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_DEFAULT_QUEUE = "holdfast"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 2
CELERY_TIMEZONE = "UTC"
DJANGO_CELERY_BEAT_TZ_AWARE = True

# Staff login
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 60 * 60 * 12

# What browsers may do with our pages. The admin's Alpine.js evaluates expressions found in
# attributes and unfold sets widths and heights in `style` attributes; inline scripts stay forbidden.
HOLDFAST_HTTPS = env.boolean("HOLDFAST_HTTPS", IS_PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HOLDFAST_HTTPS
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HOLDFAST_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if HOLDFAST_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HOLDFAST_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", "")
if env.boolean("HOLDFAST_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    AXES_IPWARE_PROXY_COUNT = 1
    AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# The storefront's API
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["backoffice.lib.apikeys.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["backoffice.lib.apikeys.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backoffice.lib.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "backoffice.lib.problems.problem_handler",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Holdfast storefront API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "CouponStatus": "promotions.states.CouponStatus.choices",
        "OrderStatus": "orders.states.OrderStatus.choices",
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Languages and time: stored in UTC, shown to staff in their own zone
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "backoffice" / "locale"]
FORMAT_MODULE_PATH = ["backoffice.formats"]
USE_TZ = True
TIME_ZONE = "UTC"
HOLDFAST_STAFF_TIME_ZONE = env.time_zone("HOLDFAST_STAFF_TIME_ZONE", "Asia/Shanghai")

# Static files are served by whitenoise, on development sites straight from the packages, without collectstatic
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", "static")) if IS_PRODUCTION else None
WHITENOISE_USE_FINDERS = HOLDFAST_ENV == "development"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# What this installation was measured to give; the blast radius within a minute is computed from it
HOLDFAST_CLAIMS_PER_SECOND = env.integer("HOLDFAST_CLAIMS_PER_SECOND", 500, least=1, most=1_000_000)
# What is told to the outside: e-mails to staff, signed webhooks. Receivers are rows that staff edit.
vars().update(env.mail("EMAIL_URL", None if IS_PRODUCTION else "consolemail://"))
DEFAULT_FROM_EMAIL = env.text("HOLDFAST_MAIL_FROM", "holdfast@localhost")
EMAIL_TIMEOUT = 10
HOLDFAST_SITE_URL = env.text("HOLDFAST_SITE_URL", "" if IS_PRODUCTION else "http://127.0.0.1:8000").rstrip("/")
HOLDFAST_WEBHOOKS_MAY_BE_PRIVATE = env.boolean("HOLDFAST_WEBHOOKS_MAY_BE_PRIVATE", False)

# Health: beat counts as dead when no scheduled check ran for this long
HOLDFAST_BEAT_MAX_AGE = timedelta(seconds=env.integer("HOLDFAST_BEAT_MAX_AGE", 60, least=5, most=86_400))

# Logs: JSON lines with the request id, written by structlog; no addresses, no personal data
LOGGING_CONFIG = None
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
configure_logging(env.choice("LOG_LEVEL", {"DEBUG", "INFO", "WARNING", "ERROR"}, "INFO"))

env.refuse_if_faulty()
