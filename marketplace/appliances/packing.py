"""Packed bodies: gzip and zstd, unpacked step by step, so that a small bomb never becomes a large one."""

import zlib
from collections.abc import Callable, Iterator

from backports import zstd

from consent.parties.errors import BodyTooLarge
from marketplace.appliances.errors import CannotUnpack, UnsupportedContentEncoding

#: What `Accept-Encoding` may say here.
ENCODINGS = ("gzip", "zstd")
#: RFC 9110, 8.4.1.3: a recipient takes the old name for the same.
_OLD_NAMES = {"x-gzip": "gzip"}
#: Readings repeat themselves, so honest batches shrink to a fiftieth; a thousandth is an attack.
MAX_RATIO = 200
#: Below this much, the ratio says nothing.
_ALWAYS_FINE_BYTES = 256 * 1024
_STEP_BYTES = 64 * 1024
#: RFC 8878 asks every reader for 8 MiB and lets it refuse more.
_WINDOW_LOG = 23
_GZIP_ONLY = 16 + zlib.MAX_WBITS
_MAX_PARTS = 64


def encoding_of(header: str) -> str:
    """Return the one packing that a Content-Encoding header names; empty for none.

    Raises:
        UnsupportedContentEncoding: it names another one, or several.
    """
    name = header.strip().lower()
    name = _OLD_NAMES.get(name, name)
    if name in ("", "identity"):
        return ""
    if name not in ENCODINGS:
        raise UnsupportedContentEncoding
    return name


def unpack(body: bytes, encoding: str, *, limit: int) -> bytes:
    """Return what is packed in a body, never holding more than the limit of it.

    Args:
        encoding: what `encoding_of` returned.

    Raises:
        BodyTooLarge: more than the limit comes out of it, or far more than was sent.
        CannotUnpack: it is cut off, damaged, or not packed this way.
    """
    if not encoding:
        return body
    steps = _gunzipped if encoding == "gzip" else _unzstd
    most = min(limit, max(_ALWAYS_FINE_BYTES, MAX_RATIO * len(body)))
    found = bytearray()
    try:
        for step in steps(body):
            found += step
            if len(found) > most:
                raise BodyTooLarge
    except (zlib.error, zstd.ZstdError, EOFError, MemoryError) as exc:
        raise CannotUnpack from exc
    return bytes(found)


def _gunzipped(body: bytes) -> Iterator[bytes]:
    def part(rest: bytes) -> Iterator[bytes]:
        reader = zlib.decompressobj(_GZIP_ONLY)
        while not reader.eof:
            step = reader.decompress(rest, _STEP_BYTES)
            rest = reader.unconsumed_tail
            if not step and not rest and not reader.eof:
                raise CannotUnpack
            yield step
        left.append(reader.unused_data)

    left: list[bytes] = []
    return _parts(body, part, left)


def _unzstd(body: bytes) -> Iterator[bytes]:
    def part(rest: bytes) -> Iterator[bytes]:
        reader = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
        while not reader.eof:
            step = reader.decompress(rest, max_length=_STEP_BYTES)
            rest = b""
            if not step and reader.needs_input and not reader.eof:
                raise CannotUnpack
            yield step
        left.append(reader.unused_data)

    left: list[bytes] = []
    return _parts(body, part, left)


def _parts(body: bytes, read: Callable[[bytes], Iterator[bytes]], left: list[bytes]) -> Iterator[bytes]:
    """Read one packed part after the other: both formats may be several set end to end."""
    for _ in range(_MAX_PARTS):
        yield from read(body)
        body = left.pop()
        if not body:
            return
    raise CannotUnpack
