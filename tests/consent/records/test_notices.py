"""A notice stands in both languages with the same facts, and its hash is of the exact text."""

import re

import pytest

from consent.parties.canonical import sha256_hex
from consent.records import notices
from consent.records.errors import NoticeMissing

FACTS = {
    "recipient": "해오름초등학교", "recipient_address": "배움로 3", "recipient_contact": "02-000-0303",
    "purpose": "환기", "purpose_text": "아침 교실 환기", "items": "PM2.5", "retention_days": "30",
    "erase_on": "12월 20일", "tokens": "120", "price_tokens": "144",
}  # fmt: skip


def placeholders(locale):
    return set(re.findall(r"{(\w+)}", notices._source(notices.CURRENT_VERSION, locale)))


def test_both_languages_say_the_same_facts():
    assert placeholders("ko") == placeholders("en") == set(FACTS)


@pytest.mark.parametrize("locale", notices.LOCALES)
def test_who_what_for_and_how_long_are_emphasised(locale):
    notice = notices.render(version=1, locale=locale, facts=FACTS)

    strong = [section.paragraphs[0] for section in notice.sections if section.strong]

    assert [text for text in strong if "해오름" in text or "환기" in text or "30" in text] == strong
    assert len(strong) == 3
    assert len(notice.sections) == 10


def test_the_hash_is_of_the_text_that_was_shown():
    notice = notices.render(version=1, locale="ko", facts=FACTS)

    assert notice.sha256 == sha256_hex(notice.text.encode())
    assert notice.sha256 != notices.render(version=1, locale="ko", facts={**FACTS, "retention_days": "31"}).sha256


@pytest.mark.parametrize(("version", "locale"), [(99, "ko"), (1, "fr"), (1, "../v1.ko")])
def test_a_missing_translation_blocks_the_ask(version, locale):
    with pytest.raises(NoticeMissing):
        notices.render(version=version, locale=locale, facts=FACTS)


def test_a_missing_fact_is_an_error_and_never_a_gap():
    with pytest.raises(KeyError):
        notices.render(version=1, locale="ko", facts={})
