"""Cells of tables that people open in a spreadsheet: none of them is a formula."""

#: What a spreadsheet may take for the start of a formula; some read the full-width signs as the others.
#: Source: OWASP, CSV injection; OWASP ASVS 5.0, 1.2.10.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(text: str) -> str:
    """Return a text as a cell: what a spreadsheet would run gets an apostrophe in front, as they do it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
