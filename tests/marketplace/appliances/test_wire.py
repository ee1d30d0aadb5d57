"""The one reader of bytes: what it takes, and what it refuses before any dialect sees it."""

import contextlib
import io
import time

import pytest

from consent.parties import errors
from marketplace.appliances import wire


class Request:
    """As much of an HttpRequest as the reader needs."""

    def __init__(self, body: bytes, **meta: str) -> None:
        self.META = meta
        self._stream = io.BytesIO(body)
        self.read_bytes = 0

    def read(self, size: int, /) -> bytes:
        found = self._stream.read(size)
        self.read_bytes += len(found)
        return found


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", errors.NotJson),
        (b"online", errors.NotJson),
        (b'{"a":1,}', errors.NotJson),
        (b'{"a":1} {"b":2}', errors.NotJson),
        ('{"a"：1}'.encode(), errors.NotJson),
        (b"\xef\xbb\xbf{}", errors.NotJson),
        (b'"cut off', errors.NotJson),
        (b'{"a":"\xff"}', errors.NotUtf8),
        ('{"a":1}'.encode("utf-16"), errors.NotUtf8),
        (b'{"a":"\\ud800"}', errors.NotUtf8),
        (b'{"\\uDFFF":1}', errors.NotUtf8),
        (b'{"signal":NaN}', errors.NumberNotFinite),
        (b"[Infinity]", errors.NumberNotFinite),
        (b"[-Infinity]", errors.NumberNotFinite),
        (b"[1e999]", errors.NumberNotFinite),
        (b"[-1E400]", errors.NumberNotFinite),
        (b"[" + b"9" * 5000 + b"]", errors.NumberNotFinite),
        (b'{"a":1,"a":2}', errors.DoubledKey),
        (b'{"x":[{"a":1,"\\u0061":2}]}', errors.DoubledKey),
        (b"[" * 33 + b"]" * 33, errors.TooDeep),
        (b"[" * 100_000, errors.TooDeep),
        (b'["' + b"[" * 40 + b'",""' + b',["","]"' * 40, errors.TooDeep),
        (b'["\\"",' + b"[" * 40, errors.TooDeep),
        (b'["' + b"[" * 40, errors.NotJson),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, errors.TooDeep),
    ],
)
def test_refuses_what_two_readers_could_read_differently(body, error):
    with pytest.raises(error):
        wire.loads(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[" * 32 + b"]" * 32, None),
        (b'{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', {"a": "[" * 38}),
        (b'{"a":"\\"[{\\\\"}', {"a": '"[{\\'}),
        (b'["","]]","",["' + b"[" * 40 + b'"]]', ["", "]]", "", ["[" * 40]]),
        (b'["' + b'\\"[' * 40 + b'"]', ['"[' * 40]),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b"[1e-999, -0.0, 12.5]", [0.0, -0.0, 12.5]),
        ('{"단위":"µg/m³"}'.encode(), {"단위": "µg/m³"}),
    ],
)
def test_reads_whatever_is_strict_json(body, value):
    read = wire.loads(body)

    assert value is None or read == value


@pytest.mark.parametrize(
    "body",
    [b'"' + b'\\"' * 1_000_000, b'"\\' * 1_000_000, b"[" + b"[]," * 600_000 + b"[]]", b'"' * 2_000_000],
    ids=["unterminated", "backslashes", "brackets", "quotes"],
)
def test_takes_bounded_time_over_a_hostile_body(body):
    begun = time.process_time()

    with contextlib.suppress(errors.UnreadableBody):
        wire.loads(body)

    assert time.process_time() - begun < 5


def test_never_quotes_the_body_in_a_refusal():
    with pytest.raises(errors.DoubledKey) as refusal:
        wire.loads(b'{"MomsPhone":1,"MomsPhone":2}')

    assert "MomsPhone" not in str(refusal.value)


def test_every_refusal_has_a_code_of_its_own():
    codes = [error.code for error in errors.UnreadableBody.__subclasses__()]

    assert len(set(codes)) == len(codes)
    assert errors.UnreadableBody.code not in codes


def test_reads_a_body_larger_than_djangos_own_limit():
    body = b"x" * 3_000_000

    assert wire.read_bounded(Request(body, CONTENT_LENGTH="3000000")) == body


def test_stops_reading_at_the_limit_when_no_length_is_announced():
    request = Request(b"x" * 1_000_000)

    with pytest.raises(wire.BodyTooLarge):
        wire.read_bounded(request, limit=1000)

    assert request.read_bytes == 1001


@pytest.mark.parametrize("announced", ["1001", "9" * 400])
def test_refuses_an_announced_length_without_reading(announced):
    request = Request(b"x", CONTENT_LENGTH=announced)

    with pytest.raises(wire.BodyTooLarge):
        wire.read_bounded(request, limit=1000)

    assert request.read_bytes == 0


def test_takes_a_body_of_exactly_the_limit():
    assert len(wire.read_bounded(Request(b"x" * 1000), limit=1000)) == 1000


@pytest.mark.parametrize(
    "header", ["application/json", "Application/JSON; charset=utf-8", 'application/json;charset="UTF-8"']
)
def test_takes_the_content_type_however_it_is_written(header):
    assert wire.check_content_type(header, {"application/json"}) == "application/json"


@pytest.mark.parametrize("header", [None, "", "text/plain", "application/json; charset=euc-kr", "application/jsonx"])
def test_refuses_other_content_types(header):
    with pytest.raises(wire.UnsupportedContentType):
        wire.check_content_type(header, {"application/json"})


def test_counts_the_items_of_a_batch():
    wire.check_item_count([0] * 500)

    with pytest.raises(wire.TooManyItems):
        wire.check_item_count([0] * 501)
