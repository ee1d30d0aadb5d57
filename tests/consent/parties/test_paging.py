"""How many rows a page has is between 1 and 500, however the number is written."""

import pytest

from consent.parties.errors import InvalidCursor
from consent.parties.paging import read_limit


@pytest.mark.parametrize(("text", "limit"), [(None, 50), ("1", 1), ("007", 7), ("500", 500)])
def test_a_page_size_in_the_range_is_taken(text, limit):
    assert read_limit(text) == limit


@pytest.mark.parametrize(
    "text", ["", "0", "501", "-1", "1.0", "１", "1e2", "0000019999", "000500999", "000001" + "9" * 30, "0" * 5000 + "1"]
)
def test_leading_zeros_or_thousands_of_digits_never_make_a_page_larger(text):
    with pytest.raises(InvalidCursor):
        read_limit(text)
