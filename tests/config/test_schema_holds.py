"""Whatever is sent, every operation answers as the schema says it may, and never breaks.

Each operation is tried by those whose it is and by somebody whose it is not, with their own things and with things
that do not exist, with bodies that fit the schema and bodies that do not.
"""

import json
import re
from collections.abc import Iterator

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.api_docs import whole_schema
from config.wsgi import application
from tests.architecture.url_table import ROWS
from tests.world import Caller, World, make_world

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUIETLY = settings(
    max_examples=5, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
AUDIENCES = {"/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route): row.audience for route, row in ROWS.items()}


def tries_of(world: World, path: str) -> Iterator[tuple[Caller, schemathesis.GenerationMode]]:
    """Yield who tries an operation and how.

    What does not fit is refused to every insider by the same lines; an outsider is turned away before anything is read.
    """
    audience = AUDIENCES[path]
    found = world.owners.get(audience) or [one for one in world.strangers.values() if one.audience is audience]
    insiders = found or [world.strangers["anonymous"]]
    for caller in [*insiders, world.strangers["a neighbour's hub"]]:
        yield caller, schemathesis.GenerationMode.POSITIVE
    yield insiders[-1], schemathesis.GenerationMode.NEGATIVE


def pass_of(caller: Caller) -> dict[str, dict[str, str]]:
    if caller.key:
        return {"headers": {"Authorization": f"Bearer {caller.key}"}}
    token = "t" * 32
    cookies = {name: morsel.value for name, morsel in caller.browser.cookies.items()} | {"csrftoken": token}
    return {"headers": {"X-CSRFToken": token}, "cookies": cookies}


def operations() -> Iterator[schemathesis.APIOperation]:
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(whole_schema())))
    schema.app = application
    for found in schema.get_all_operations():
        yield found.ok()


def test_every_operation_keeps_to_the_schema(committed_db, caplog):
    caplog.set_level("CRITICAL", logger="django.request")
    world = make_world()

    broken = [
        fault
        for operation in operations()
        for caller, mode in tries_of(world, operation.path)
        for fault in faults_of(operation, caller, world, mode)
    ]

    assert not broken, "\n\n".join(broken)


def faults_of(
    operation: schemathesis.APIOperation, caller: Caller, world: World, mode: schemathesis.GenerationMode
) -> Iterator[str]:
    @given(case=operation.as_strategy(generation_mode=mode), is_real=st.booleans())
    @QUIETLY
    def tried(case: schemathesis.Case, is_real: bool) -> None:
        if is_real:
            case.path_parameters |= {name: str(world.parts[name]) for name in case.path_parameters}
        case.call_and_validate(**pass_of(caller), checks=CHECKS)

    try:
        tried()
    except Unsatisfiable:  # an operation that takes nothing has nothing that does not fit
        return
    except FailureGroup as exc:
        yield f"{operation.label} as {caller.audience}, {mode}: {exc}\n" + "\n".join(str(one) for one in exc.exceptions)
