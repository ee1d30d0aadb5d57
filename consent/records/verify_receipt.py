#!/usr/bin/env python3
"""Check a Maru receipt without Maru: one file, the standard library, no network.

    python3 -I -S verify_receipt.py receipt.json [--keys jwks.json] [--record record.json]

Says OK and exits 0, or names what is wrong and exits 1. `--keys` is what Maru publishes at /.well-known/jwks.json:
keep a copy with your receipts, or take it from somebody who did. Without it only the receipt's own sums are checked,
and nothing is proved about who made it. `--record` is the record a buyer holds: it must be what the receipt was for.

The arithmetic of Ed25519 stands here once more, beside the ledger's verifier: each of the two is a file that a
stranger reads and runs alone, and one that imports the other would no longer be.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

MAX_BYTES = 1_000_000
TYPE = "consent-receipt+jws"
STATES = {
    "dpv:ConsentGiven": "given",
    "dpv:ConsentRefused": "refused",
    "dpv:ConsentWithdrawn": "withdrawn",
    "dpv:ConsentRevoked": "revoked",
}


class Broken(Exception):
    """What is wrong."""


# --- signatures: RFC 8032 ---------------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def unpacked(packed: bytes) -> Point:
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(packed) != 32 or y >= P:
        raise ValueError("not a point")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        raise ValueError("not a point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = unpacked((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature is good. Source: RFC 8032, 5.1.7."""
    if len(public) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    try:
        key, r = unpacked(public), unpacked(signature[:32])
    except ValueError:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left, right = times(s, BASE), add(r, times(int.from_bytes(digest, "little") % L, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- JSON: RFC 8785, and RFC 7515 appendix F --------------------------------------------------------------------------


def read_json(text: bytes) -> Any:
    """Return a JSON document, read strictly: a name that stands twice in one object is refused, and so is NaN.

    Raises:
        Broken: it is not such a document.
    """
    if len(text) > MAX_BYTES:
        raise Broken("the file is larger than any receipt")
    try:
        return json.loads(text.decode(), object_pairs_hook=_object, parse_constant=_refused)
    except (ValueError, RecursionError) as exc:
        raise Broken("the file is not the JSON of a receipt") from exc


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        raise ValueError("the same name twice")
    return whole


def _refused(text: str) -> Any:
    raise ValueError(text)


def canonical(node: Any) -> bytes:
    """Return the RFC 8785 form of a document whose numbers need no exponent."""
    if isinstance(node, dict):
        names = sorted(node, key=lambda name: name.encode("utf-16-be"))
        return b"{" + b",".join(canonical(name) + b":" + canonical(node[name]) for name in names) + b"}"
    if isinstance(node, list):
        return b"[" + b",".join(map(canonical, node)) + b"]"
    if type(node) is float:
        return _fraction(node)
    if type(node) is int and abs(node) >= 2**53:
        raise Broken("a number is too large for JSON")
    try:
        return json.dumps(node, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        raise Broken("a text holds half a character") from exc


def _fraction(number: float) -> bytes:
    text = repr(number).removesuffix(".0")
    if not text.lstrip("-").replace(".", "", 1).isdigit() or text == "-0":
        raise Broken("a number is of a size that no appliance measures")
    return text.encode()


def decoded(text: str) -> bytes:
    """Return the bytes of base64url; of the ways to write the same bytes only the shortest is taken."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as exc:
        raise Broken("the signature cannot be read") from exc
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != text:
        raise Broken("the signature cannot be read")
    return content


def check_signature(receipt: Any, signature: Any, jwks: Any) -> None:
    """Check the detached JWS over the receipt with the key it names.

    Raises:
        Broken: it is no such signature, none of these keys made it, or something was changed.
    """
    parts = signature.split(".") if isinstance(signature, str) else []
    if len(parts) != 3 or parts[1]:
        raise Broken("the signature cannot be read")
    header = read_json(decoded(parts[0]))
    if not isinstance(header, dict) or (header.get("alg"), header.get("typ")) != ("Ed25519", TYPE):
        raise Broken("the signature is not one of a receipt")
    keys = jwks.get("keys", []) if isinstance(jwks, dict) else []
    key = next((one for one in keys if isinstance(one, dict) and one.get("kid") == header.get("kid")), None)
    if key is None or (key.get("kty"), key.get("crv")) != ("OKP", "Ed25519"):
        raise Broken("none of these keys signed it")
    payload = base64.urlsafe_b64encode(canonical(receipt)).rstrip(b"=")
    if not is_signed(decoded(str(key.get("x"))), parts[0].encode() + b"." + payload, decoded(parts[2])):
        raise Broken("the receipt was changed, or the signature is another receipt's")


# --- what the receipt says --------------------------------------------------------------------------------------------


def check_sums(receipt: Any) -> None:
    """Check that the text in the receipt is the one whose digest it names.

    Raises:
        Broken: it is not.
    """
    try:
        notice = receipt["dpv:hasRecordOfActivity"]["dpv:hasNotice"]
        text, named = notice["maru:text"], notice["maru:noticeSha256"]
        is_fine = hashlib.sha256(text.encode()).hexdigest() == named
    except (KeyError, TypeError, AttributeError) as exc:
        raise Broken("this is not a receipt of Maru") from exc
    if not is_fine:
        raise Broken("the text is not the one that was shown")


def check_record(receipt: Any, record: Any) -> None:
    """Check that a record is what was shown, hashed and signed.

    Raises:
        Broken: it is another one.
    """
    beside = {"id", "receipt", "payload_digest"}
    shown = {name: value for name, value in record.items() if name not in beside} if isinstance(record, dict) else {}
    digest = f"sha-256:{hashlib.sha256(canonical(shown)).hexdigest()}"
    if receipt.get("maru:payloadDigest") != digest:
        raise Broken("the record is not what this receipt was for")


def sentences(receipt: Any) -> list[str]:
    """Say what the receipt says, in lines."""
    record = receipt["dpv:hasRecordOfActivity"]
    lines = [f"receipt   {receipt['dct:identifier']}", f"consent   {record['dct:identifier']}"]
    for status in record["dpv:hasConsentStatus"]:
        lines.append(f"{STATES.get(status['@type'][0], '?'):9} {status['dpv:isIndicatedAtTime']}")
    lines += [f"recipient {one['dpv:hasName']}" for one in record["dpv:hasEntity"] if "dpv:ThirdParty" in one["@type"]]
    lines.append(f"purpose   {record['dpv:hasProcess'][0]['dpv:hasPurpose']['@id']}")
    lines.append(f"digest    {receipt['maru:payloadDigest']}")
    lines.append(f"payment   {receipt['maru:opId']}")
    return lines


def verify(document: Any, *, jwks: Any = None, record: Any = None) -> list[str]:
    """Check a receipt file and return what it says.

    Raises:
        Broken: something is wrong with it.
    """
    if not isinstance(document, dict) or set(document) != {"receipt", "signature"}:
        raise Broken("the file does not hold a receipt and its signature, and nothing else")
    receipt = document["receipt"]
    check_sums(receipt)
    if jwks is not None:
        check_signature(receipt, document["signature"], jwks)
    if record is not None:
        check_record(receipt, record)
    try:
        return sentences(receipt)
    except (KeyError, TypeError, IndexError, AttributeError) as exc:
        raise Broken("this is not a receipt of Maru") from exc


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a Maru receipt without Maru.")
    parser.add_argument("receipt", type=Path)
    parser.add_argument("--keys", type=Path, help="Maru's public keys, as at /.well-known/jwks.json")
    parser.add_argument("--record", type=Path, help="the record a buyer holds")
    said = parser.parse_args()
    try:
        files = [read_json(path.read_bytes()) if path else None for path in (said.receipt, said.keys, said.record)]
        lines = verify(files[0], jwks=files[1], record=files[2])
    except (Broken, OSError) as exc:
        print(f"NOT GOOD: {exc}")
        return 1
    print("\n".join(lines))
    print("OK: signed by one of these keys, unchanged" if said.keys else "SUMS ONLY: --keys proves who signed it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
