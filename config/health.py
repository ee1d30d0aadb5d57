"""Is this process up, and is what it needs there? For load balancers: no session, no language, no secrets."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from consent.parties.roles import RUNTIME_ROLE
from marketplace.appliances.queries import is_bridge_late
from marketplace.insights import vault
from marketplace.insights.errors import KeyAway
from rewards.ledger import sealing

SEEN_MIGRATED: set[str] = set()
LEDGER_IS_CALLABLE = """
SELECT coalesce(has_function_privilege(current_user, to_regprocedure('ledger_apply(jsonb,boolean)'), 'EXECUTE'), false)
"""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """GET /healthz: this process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """GET /readyz: 200 once every needed part is there, 503 before. Redis, the vault's keys, the ledger's seal and the
    bridge to a broker, where there is one, are told but not needed: without keys whoever needs one is told so.
    """
    try:
        needed = {"database": _acts_as_runtime(), "ledger": _reaches_the_ledger(), "migrations": _is_migrated()}
    except DatabaseError:
        needed = {"database": False}
    is_ready = all(needed.values())
    is_late = is_ready and sealing.seconds_behind() > sealing.LATE_SECONDS
    checks = {name: "ok" if fine else "missing" for name, fine in needed.items()}
    if is_ready:
        checks["keys"] = "ok" if _has_the_keys() else "missing"
    checks["sealing"] = "late" if is_late else "ok"
    if settings.MQTT_URL and is_ready:
        checks["mqtt_bridge"] = "late" if is_bridge_late(at=timezone.now()) else "ok"
    checks["redis"] = "ok" if _reaches_redis() else "missing"
    return JsonResponse({"status": "ok" if is_ready else "unavailable", **checks}, status=200 if is_ready else 503)


def _acts_as_runtime() -> bool:
    return _one("SELECT current_user") == RUNTIME_ROLE


def _reaches_the_ledger() -> bool:
    return bool(_one(LEDGER_IS_CALLABLE))


def _one(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def _is_migrated() -> bool:
    name = connection.settings_dict["NAME"]
    if name not in SEEN_MIGRATED:
        # Reads every migration module: worth remembering, since a running process never loses a migration.
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        SEEN_MIGRATED.add(name)
    return True


def _has_the_keys() -> bool:
    try:
        vault.check_keys_are_there()
    except KeyAway:
        return False
    return True


def _reaches_redis() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False
