"""The short way through the standard library's encoder writes the very bytes of the RFC, or is not taken."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from consent.parties.canonical import canonical_bytes

LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)  # fmt: skip
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_any_document_has_the_bytes_of_the_rfc(document):
    assert canonical_bytes(document) == rfc8785.dumps(document)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"b": 1, "a": [True, None, "집\u2028\x7f\b/"]}, '{"a":[true,null,"집\u2028\x7f\\b/"],"b":1}'),
        ([1.0, -0.0, 1e21, 1e-7, 0.000001, 123456789012345680000.0], "[1,0,1e+21,1e-7,0.000001,123456789012345680000]"),
        ({"\U0001f600": 1, "\ufb33": 2}, '{"\U0001f600":1,"\ufb33":2}'),  # by UTF-16, not by code point
        ({"\x1f": "\x1f"}, '{"\\u001f":"\\u001f"}'),
    ],
)
def test_the_corners_are_written_as_the_rfc_says(document, text):
    assert canonical_bytes(document) == text.encode()


@pytest.mark.parametrize(
    "document", [float("nan"), [float("inf")], {1: 2}, 2**53, {"a": {1, 2}}, "\ud800", {"\udfff": 1}]
)
def test_what_json_cannot_say_is_refused(document):
    with pytest.raises((rfc8785.CanonicalizationError, UnicodeEncodeError)):
        canonical_bytes(document)
