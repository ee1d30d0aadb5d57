"""Packed bodies: what comes out is what went in, and a bomb is stopped before it is large."""

import gzip
import tracemalloc
import zlib

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.parties.errors import BodyTooLarge, UnreadableBody
from marketplace.appliances import packing, wire
from marketplace.appliances.errors import CannotUnpack, UnsupportedContentEncoding
from tests.marketplace.appliances.test_wire import Request

PACK = {"gzip": gzip.compress, "zstd": zstd.compress}
LIMIT = wire.MAX_BODY_BYTES


@pytest.fixture(params=["gzip", "zstd"])
def encoding(request):
    return request.param


def test_unpacks_what_was_packed(encoding):
    body = b'{"pm25": 12}' * 1000

    assert packing.unpack(PACK[encoding](body), encoding, limit=LIMIT) == body


def test_unpacks_parts_set_end_to_end(encoding):
    packed = PACK[encoding](b"[1,") + PACK[encoding](b"2]")

    assert packing.unpack(packed, encoding, limit=LIMIT) == b"[1,2]"


def honest(count):
    """A batch of so many readings, packed to some fiftieth."""
    event = b'{"id":"%06d","kind":"air.pm25","value":%d,"unit":"ug/m3"}'
    return b"[" + b",".join(event % (n, n % 97) for n in range(count)) + b"]"


def test_takes_the_largest_honest_batch(encoding):
    body = honest(70_000)
    assert LIMIT * 0.95 < len(body) < LIMIT

    assert packing.unpack(PACK[encoding](body), encoding, limit=LIMIT) == body


def test_more_than_the_limit_is_refused_however_honestly_it_is_packed(encoding):
    body = honest(75_000)
    packed = PACK[encoding](body)
    assert LIMIT < len(body) < packing.MAX_RATIO * len(packed)

    with pytest.raises(BodyTooLarge):
        packing.unpack(packed, encoding, limit=LIMIT)


@pytest.mark.parametrize("size", [LIMIT + 1, 24 * 1024 * 1024])
def test_a_bomb_is_stopped_before_it_is_large(encoding, size):
    bomb = PACK[encoding](b"\0" * size)
    tracemalloc.start()

    with pytest.raises(BodyTooLarge):
        packing.unpack(bomb, encoding, limit=LIMIT)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * 1024 * 1024


def test_far_more_than_was_sent_is_too_much_below_the_limit_too(encoding):
    bomb = PACK[encoding](b" " * (LIMIT - 1))
    assert len(bomb) * packing.MAX_RATIO < LIMIT

    with pytest.raises(BodyTooLarge):
        packing.unpack(bomb, encoding, limit=LIMIT)


def test_a_chain_of_empty_parts_ends(encoding):
    with pytest.raises(CannotUnpack):
        packing.unpack(PACK[encoding](b"") * 1000, encoding, limit=LIMIT)


@pytest.mark.parametrize("spoil", [lambda body: body[:-5], lambda body: body[:3], lambda body: b"", lambda body: b"{}"])
def test_what_is_cut_off_or_not_packed_is_refused(encoding, spoil):
    packed = PACK[encoding](b'{"pm25": 12}' * 50)

    with pytest.raises(CannotUnpack):
        packing.unpack(spoil(packed), encoding, limit=LIMIT)


def test_a_wrong_checksum_is_refused():
    packed = bytearray(gzip.compress(b"[1]"))
    packed[-6] ^= 1

    with pytest.raises(CannotUnpack):
        packing.unpack(bytes(packed), "gzip", limit=LIMIT)


def test_rubbish_behind_the_packed_part_is_refused(encoding):
    with pytest.raises(CannotUnpack):
        packing.unpack(PACK[encoding](b"[1]") + b"and more", encoding, limit=LIMIT)


def test_a_window_larger_than_every_reader_must_have_is_refused():
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    writer = zstd.ZstdCompressor(options=options)
    packed = writer.compress(b"0123456789abcdef" * 4096) + writer.flush()

    with pytest.raises(CannotUnpack):
        packing.unpack(packed, "zstd", limit=LIMIT)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body):
    for encoding in PACK:
        try:
            packing.unpack(body, encoding, limit=LIMIT)
        except UnreadableBody:
            continue


@pytest.mark.parametrize("header", ["", "identity", "gzip", "GZIP ", "zstd"])
def test_one_known_packing_or_none(header):
    assert packing.encoding_of(header) in ("", "gzip", "zstd")


def test_takes_the_old_name_of_gzip_for_gzip():
    assert packing.encoding_of(" X-Gzip") == "gzip"


@pytest.mark.parametrize("header", ["br", "deflate", "gzip, gzip", "gzip,zstd", "x-zstd", "aws-chunked", "*"])
def test_other_packings_are_refused_before_anything_is_read(header):
    request = Request(b"x", HTTP_CONTENT_ENCODING=header)

    with pytest.raises(UnsupportedContentEncoding):
        wire.read_body(request)

    assert request.read_bytes == 0


def test_the_limit_holds_for_what_is_sent_too(encoding):
    request = Request(zlib.compress(b"x") * 1000, HTTP_CONTENT_ENCODING=encoding)

    with pytest.raises(BodyTooLarge):
        wire.read_body(request, limit=100)
