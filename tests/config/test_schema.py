"""The schema is valid OpenAPI 3.1, names every way in, and is read by anybody."""

import json
import re

import jsonschema_rs
import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from config.api_docs import whole_schema
from config.api_schema import ANYWHERE, METHODS, WRITING


@pytest.fixture(scope="module")
def schema():
    return json.loads(json.dumps(whole_schema()))


def operations(schema):
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_is_valid_openapi_3_1(schema):
    validate_schema(schema)

    assert schema["openapi"] == "3.1.0"


def test_is_made_without_a_warning(schema):
    whole_schema.cache_clear()
    GENERATOR_STATS.reset()
    whole_schema()

    assert not GENERATOR_STATS._warn_cache, dict(GENERATOR_STATS._warn_cache)
    assert not GENERATOR_STATS._error_cache, dict(GENERATOR_STATS._error_cache)


def test_every_operation_declares_the_common_problems(schema):
    for path, method, operation in operations(schema):
        expected = {str(status) for status in (ANYWHERE if method == "get" else ANYWHERE | WRITING)}
        assert expected <= operation["responses"].keys(), (method, path)


def test_every_operation_declares_a_success(schema):
    for path, method, operation in operations(schema):
        assert any(status.startswith(("2", "3")) for status in operation["responses"]), (method, path)


def test_every_operation_says_how_to_get_in(schema):
    schemes = schema["components"]["securitySchemes"]

    for path, method, operation in operations(schema):
        assert all(name in schemes for way in operation.get("security", []) for name in way), (method, path)


def test_every_operation_has_a_name_and_a_sentence(schema):
    names = [operation["operationId"] for _, _, operation in operations(schema)]

    assert len(names) == len(set(names))
    assert all(operation.get("summary") for _, _, operation in operations(schema))


def test_ingest_alone_takes_a_basic_key(schema):
    basic = {path for path, _, operation in operations(schema) if {"hubBasic": []} in operation.get("security", [])}

    assert basic == {"/api/v1/insights", "/api/v1/ingest/{dialect}"}


def test_a_real_problem_fits_the_declared_one(schema, client):
    body = client.get("/api/v1/nothing-here").json()

    jsonschema_rs.validator_for(schema["components"]["schemas"]["Problem"]).validate(body)


def test_it_is_in_english_whoever_asks_first(client):
    whole_schema.cache_clear()

    text = client.get("/api/v1/schema", headers={"accept-language": "ko"}).text

    assert "household" in text
    assert not re.search("[가-힣]", text)


def test_anybody_may_read_it(client):
    answer = client.get("/api/v1/schema")

    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Maru"


def test_the_docs_page_has_the_only_exception_to_the_strict_policy(client):
    docs, elsewhere = client.get("/api/docs"), client.get("/")

    assert "style-src 'self' 'unsafe-inline'" in docs["Content-Security-Policy"]
    assert "script-src 'self';" in docs["Content-Security-Policy"] + ";"
    assert "unsafe" not in elsewhere["Content-Security-Policy"]


def test_the_docs_page_takes_everything_from_this_server(client):
    page = client.get("/api/docs").content.decode()
    script = client.get("/api/docs?script")

    assert "http://" not in page
    assert "https://" not in page
    assert "/api/v1/schema" in script.content.decode()
    assert script["Content-Type"].startswith("application/javascript")
