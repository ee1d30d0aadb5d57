"""The two languages in which people read Maru; whoever asks for neither reads Korean."""

from typing import Literal

from django.utils.translation import get_language


def language() -> Literal["ko", "en"]:
    """Return the language of whoever reads now."""
    return "en" if (get_language() or "ko").startswith("en") else "ko"


def in_language(*, ko: str, en: str) -> str:
    """Return the one of two texts that whoever reads now understands."""
    return en if language() == "en" else ko
