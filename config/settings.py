"""Every setting of Maru. A deployment differs only by environment variables, each read strictly by `config.env`."""

import sys
from pathlib import Path

from config import env
from config.databases import postgresql
from consent.parties.roles import RUNTIME_ROLE

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules

DEBUG = env.flag("MARU_DEBUG", "show error details; never in production", default=False)
DEMO = env.flag("MARU_DEMO", "relaxed cookies and an own origin for http://localhost", default=TESTING)
SECRET_KEY = env.text(
    "MARU_SECRET_KEY",
    "signs sessions and cursors; at least 50 random characters",
    # A key that everybody can read here signs nothing but trials; the type checker reads the settings too.
    default="demo-only-" + "0" * 50 if DEMO or DEBUG or "mypy" in sys.modules else env.REQUIRED,
)
VAR_DIR = Path(env.text("MARU_VAR", "folder for keys, sockets and logs", default=str(BASE_DIR / "var")))
KEYS_DIR = Path(env.text("MARU_KEYS", "folder of the key files, outside every backup", default=str(VAR_DIR / "keys")))
#: Refuses where that folder is away, before anything is made in it.
KEYS_CHECK = "marketplace.insights.vault.check_keys_are_there"
BASE_URL = env.text("MARU_BASE_URL", "where people reach Maru, without a final slash", default="http://localhost:8000")
ALLOWED_HOSTS = env.words(
    "MARU_ALLOWED_HOSTS", "host names that Maru answers to", default=["localhost", "127.0.0.1", "testserver"]
)
PROXIES = env.integer("MARU_PROXIES", "trusted proxies in front of the web server", default=0)

#: The demo's home lives a week of air, again and again: `manage.py live`.
DEMO_WEEK = env.text("MARU_DEMO_WEEK", "a recorded week of a home's air for the demo, CSV or JSON", default="")
DEMO_QUARTERS = env.integer("MARU_DEMO_QUARTERS", "quarters of an hour that the demo replays in a minute", default=60)

# --- floors and rooms, top to bottom -------------------------------------------------------------
INSTALLED_APPS = [
    "marketplace.care",
    "marketplace.brokerage",
    "marketplace.delivery",
    "marketplace.demand",
    "marketplace.insights",
    "marketplace.appliances",
    "rewards.redemption",
    "rewards.treasury",
    "rewards.ledger",
    "consent.records",
    "consent.parties",
    "config.apps.SiteConfig",
    "config.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.NoNulBytes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.NothingKept",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.ChosenLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "config.throttling.WrongKeys",
    "config.middleware.RefusalPages",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "config.chrome.chrome",
            ],
        },
    }
]

# --- the database: one alias; `migrate` acts as the owner ----------------------------------------
DATABASE_URL = env.text("DATABASE_URL", "PostgreSQL 15 or newer, as a libpq URL", default="postgresql://localhost/maru")
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL", "login that owns the tables; used by migrate", default="")
DATABASE_POOLED = env.flag(
    "DATABASE_POOLED",
    "a pool in transaction mode (PgBouncer) stands before the database and sets the role",
    default=False,
)
#: `shred` and `rotate_keys` clean the key table's file, which only its owner may.
OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "dbshell", "flush", "shred", "rotate_keys"}
AS_OWNER = len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS
DATABASES = {
    "default": postgresql(
        (AS_OWNER and DATABASE_OWNER_URL) or DATABASE_URL,
        role=None if AS_OWNER else RUNTIME_ROLE,
        pooled=DATABASE_POOLED,
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: hints and counters only; Maru keeps working without it --------------------------------
REDIS_URL = env.text("REDIS_URL", "Redis, as a URL; a Unix socket is unix:///path", default="redis://localhost:6379/0")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 1}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Its worker would log in its own way otherwise, and say the words of what broke.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CACHES = {
    "default": {
        "BACKEND": "config.caches.TableCache",
        "LOCATION": "django_cache",
        # Wrong passwords are counted here. With Django's 300 a few hundred strangers would drive the counts out.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
    if not TESTING
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # How often who asks the API; where Redis is gone, nobody is counted.
    "counts": {
        "BACKEND": "config.caches.KeptRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "maru-counts",
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
    }
    if not TESTING
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "counts"},
}

# --- an MQTT broker, if there is one: hubs may post to it, and `mqtt_bridge` takes in what it holds ----
MQTT_URL = env.text("MARU_MQTT_URL", "the bridge's own address at the broker: mqtts://user:password@host", default="")
MQTT_HUBS_URL = env.text("MARU_MQTT_HUBS_URL", "the broker's address as hubs are told it: mqtts://host", default="")
MQTT_CA = env.text("MARU_MQTT_CA", "file of the authorities that may vouch for the broker", default="")
MQTT_CLIENT = env.text("MARU_MQTT_CLIENT", "what the bridge calls itself at the broker", default="maru-bridge")
MQTT_BRIDGES = env.integer("MARU_MQTT_BRIDGES", "how many bridges share what comes, by pairing", default=1)
MQTT_IN_FLIGHT = env.integer("MARU_MQTT_IN_FLIGHT", "publications on their way to the bridge at once", default=1000)

# --- people --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "parties.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # email is unique by a constraint that ignores case
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Whoever changes the lock, its owner hears of it.
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "consent.parties.mfa.SealedMFAAdapter"
MFA_TOTP_ISSUER = "Maru"
# A code read a moment before it changed still counts (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
USERSESSIONS_TRACK_ACTIVITY = False
DEFAULT_FROM_EMAIL = env.text("MARU_FROM_EMAIL", "sender of Maru's mails", default="Maru <hello@maru.example>")
EMAIL_BACKEND = env.text(
    "MARU_EMAIL_BACKEND", "Django mail backend", default="django.core.mail.backends.console.EmailBackend"
)

# --- who answers for the data: named in every notice and receipt ---------------------------------
CONTROLLER = {
    "ko": env.text(
        "MARU_CONTROLLER_KO",
        "controller in Korean: name; address; contact",
        default="마루; 한빛시 마루로 1; 02-000-0100",
    ),
    "en": env.text(
        "MARU_CONTROLLER_EN",
        "controller in English: name; address; contact",
        default="Maru; 1 Maru-ro, Hanbit; +82-2-000-0100",
    ),
}
PRIVACY_OFFICER = env.text(
    "MARU_PRIVACY_OFFICER", "where the data protection officer is reached", default="privacy@maru.example"
)

# --- language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "Asia/Seoul"
USE_TZ = True

# --- static files and headers --------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
# Served from their sources: nothing is collected anywhere first.
WHITENOISE_USE_FINDERS = True
# Otherwise every browser of a test would list all files anew when it starts.
WHITENOISE_AUTOREFRESH = DEBUG or TESTING
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = not DEMO
SECURE_HSTS_SECONDS = 0 if DEMO else 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
SECURE_HSTS_PRELOAD = not DEMO
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEMO
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not DEMO
SESSION_COOKIE_NAME = "sessionid" if DEMO else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if DEMO else "__Host-csrftoken"
CSRF_FAILURE_VIEW = "config.api_errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

# --- the API -------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "consent.parties.authentication.MachineKeyAuthentication",
        "consent.parties.authentication.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["consent.parties.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.api_schema.MaruSchema",
    "EXCEPTION_HANDLER": "config.api_errors.problem_response",
    "DEFAULT_THROTTLE_CLASSES": ["config.throttling.PerCaller"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
_PER_MINUTE = {
    "key": env.integer("MARU_API_KEY_PER_MINUTE", "API requests a minute of one machine's key", default=1_200),
    "person": env.integer("MARU_API_PERSON_PER_MINUTE", "API requests a minute of one signed-in person", default=600),
    "address": env.integer("MARU_API_ADDRESS_PER_MINUTE", "API requests a minute of one address", default=600),
    "wrong": env.integer("MARU_API_WRONG_KEYS_PER_MINUTE", "wrong API keys a minute from one address", default=20),
}
API_PER_MINUTE = {} if TESTING else _PER_MINUTE
SPECTACULAR_SETTINGS = {
    "TITLE": "Maru",
    "DESCRIPTION": "A consent-based marketplace for what a home's appliances noticed.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["config.api_schema.declare_common_problems"],
}

# --- the deal ------------------------------------------------------------------------------------
MANUFACTURER_SHARE_BP = env.integer("MARU_MANUFACTURER_SHARE_BP", "manufacturer's share, basis points", default=1000)
PLATFORM_SHARE_BP = env.integer("MARU_PLATFORM_SHARE_BP", "platform's share, basis points", default=1000)
ASK_HOURS = env.integer("MARU_ASK_HOURS", "hours a household has to answer an ask", default=48)
HOLD_GRACE_HOURS = 24
KEY_EPOCH_DAYS = env.integer("MARU_KEY_EPOCH_DAYS", "days until the vault's next key-encryption key", default=30)
KEY_OVERLAP_DAYS = env.integer("MARU_KEY_OVERLAP_DAYS", "days an old one is kept, for restoring backups", default=5)
ERASURE_GRACE_DAYS = env.integer("MARU_ERASURE_GRACE_DAYS", "days overdue after which a buyer is stopped", default=14)
INSIGHT_KEEP_DAYS = env.integer("MARU_INSIGHT_KEEP_DAYS", "days an insight is kept after its last ask", default=30)
TWIN_KEEP_DAYS = env.integer("MARU_TWIN_KEEP_DAYS", "days a home sees what its appliances said", default=90)
CLOCK_SECONDS = env.integer("MARU_CLOCK_SECONDS", "seconds between two looks at the work lists", default=5)
STATUS_CACHE_SECONDS = 30
WITNESS_KEYS = env.words(
    "MARU_WITNESS_KEYS", "verifier keys of those who may cosign the ledger's checkpoints", default=[]
)
LIABILITIES_SECONDS = env.integer(
    "MARU_LIABILITIES_SECONDS", "seconds until the ledger says anew what is owed", default=86_400
)
TOKEN_DAYS = env.integer("MARU_TOKEN_DAYS", "days a token lives before the month in which it ends", default=1826)
ISSUE_ALONE_TOKENS = env.integer(
    "MARU_ISSUE_ALONE_TOKENS",
    "tokens one admin may issue alone within a day; above it a second one agrees",
    default=500_000,
)
THANKS_TOKENS = env.integer("MARU_THANKS_TOKENS", "most tokens one home gets by thank-yous in a day", default=1_000)
GIFT_TOKENS = env.integer("MARU_GIFT_TOKENS", "most tokens in one gift between homes", default=1_000)
GIFT_DAY_TOKENS = env.integer("MARU_GIFT_DAY_TOKENS", "most tokens a home gives away in a day", default=2_000)
GIFT_MONTH_TOKENS = env.integer("MARU_GIFT_MONTH_TOKENS", "most tokens a home gives away in a month", default=10_000)
ABSENCE_EMBARGO_HOURS = 24
MATCHING_TASK = "marketplace.brokerage.tasks.match_insights"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without_words": {"()": "config.logs.WithoutWords"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["without_words"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
