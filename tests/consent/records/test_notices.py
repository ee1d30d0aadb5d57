"""A notice stands in both languages with the same facts, says all the law wants, and its hash is of the exact text."""

import re

import pytest

from consent.parties.canonical import sha256_hex
from consent.records import notices
from consent.records.errors import NoticeMissing

FACTS = {
    "recipient": "해오름초등학교", "recipient_address": "배움로 3", "recipient_contact": "02-000-0303",
    "purpose": "환기", "purpose_text": "아침 교실 환기", "items": "PM2.5, 동네", "retention_days": "30",
    "erase_on": "12월 20일", "erase_by": "12월 22일", "tokens": "120", "price_tokens": "144", "shares": "24",
    "backup_days": "35",
    "controller": "마루, 마루로 1, 02-000-0100", "officer": "privacy@maru.example",
}  # fmt: skip
#: Nothing a version says may depend on the moment of the answer, or it would move between showing and answering.
TIMELESS = FACTS.keys() - {"erase_on"}

#: Where each item of PIPA article 17(2) and GDPR article 13 stands: the section, and words of each language in it.
#: `!` marks what PIPA article 22(2) and its decree 17(3) want emphasised.
LAW = {
    "PIPA 17(2)1 who receives it !": ("받는 곳", "해오름초등학교", "Recipient", "해오름초등학교"),
    "PIPA 17(2)2 what they use it for !": ("쓰는 곳", "아침 교실 환기", "Purpose", "아침 교실 환기"),
    "PIPA 17(2)3 the items": ("보내는 것", "PM2.5, 동네", "What is sent", "PM2.5, 동네"),
    "PIPA 17(2)4 how long they keep it !": ("보관", "30일, 늦어도 12월 22일", "Kept for", "30 days from your approval"),
    "PIPA 17(2)5 the right to refuse": ("거절할 권리", "거절하거나", "Your right to refuse", "Denying"),
    "PIPA 17(2)5 the disadvantage: none": ("거절할 권리", "불이익이 없어요", "Your right to refuse", "no downside"),
    "PIPA 37(1) withdrawal, how and where": ("마음이 바뀌면", "기록에서", "If you change your mind", "in your history"),
    "PIPA 38(4) no harder than giving": ("마음이 바뀌면", "한 번", "If you change your mind", "once"),
    "PIPA 37-2 automated decisions": ("자동으로 정하는 일", "없어요", "Automated decisions", "Nothing"),
    "PIPA 28-8(2) abroad": ("보관하는 나라", "나라 밖으로 보내지 않아요", "Country", "not sent abroad"),
    "PIPA 35-38 rights": ("내 권리", "열람, 정정, 삭제, 처리정지", "Your rights", "access, correction, deletion"),
    "GDPR 13(1)(a) the controller": ("물어볼 곳", "마루로 1", "Whom to ask", "마루로 1"),
    "GDPR 13(1)(b) the officer": ("물어볼 곳", "privacy@maru.example", "Whom to ask", "privacy@maru.example"),
    "GDPR 13(1)(c) the legal basis": ("까닭이 되는 법", "제17조", "What it rests on", "article 6(1)(a)"),
    "GDPR 13(1)(e) no other recipients": ("받는 곳", "이곳 한 곳만", "Recipient", "Nobody else"),
    "GDPR 13(1)(f) transfer to a third country": ("보관하는 나라", "대한민국", "Country", "Republic of Korea"),
    "GDPR 13(2)(a) the period": ("보관", "늦어도 12월 22일까지", "Kept for", "until 12월 22일 at the latest"),
    "GDPR 13(2)(b) rights, portability too": ("내 권리", "옮겨 받기", "Your rights", "a copy to take along"),
    "GDPR 13(2)(c) what was done stays lawful": ("마음이 바뀌면", "정당해요", "If you change", "stays lawful"),
    "GDPR 13(2)(d) the authority": ("물어볼 곳", "개인정보보호위원회", "Whom to ask", "Protection Commission"),
    "GDPR 13(2)(e) no law, no contract": ("거절할 권리", "법이나 계약", "Your right to", "No law and no contract"),
    "GDPR 13(2)(f) the logic": ("자동으로 정하는 일", "집 안에서", "Automated decisions", "inside your home"),
    "GDPR 7(2) apart from other consents": ("까닭이 되는 법", "묶지 않았고", "What it rests on", "tied to no other"),
    "fairness: what is read cannot be recalled": ("마음이 바뀌면", "거둘 수 없어서", "If you", "cannot be recalled"),
    "PIPA 37(3) destroyed, in backups too": ("마음이 바뀌면", "35일 뒤에는 열 수 없어요", "If you", "after 35 days"),
    "fairness: the reward": ("토큰", "120 토큰이 들어와요", "Tokens", "receives 120 tokens"),
    "fairness: the whole price": ("토큰", "모두 144 토큰이고, 그 가운데 24", "Tokens", "144 tokens in all; 24"),
    "fairness: earned tokens stay": ("마음이 바뀌면", "받은 토큰도 그대로", "If you change", "Your tokens stay"),
}  # fmt: skip


def placeholders(version, locale):
    return set(re.findall(r"{(\w+)}", notices._source(version, locale)))


def current(locale, **facts):
    return notices.render(version=notices.CURRENT_VERSION, locale=locale, facts={**FACTS, **facts})


@pytest.mark.parametrize("version", range(1, notices.CURRENT_VERSION + 1))
def test_both_languages_say_the_same_facts(version):
    assert placeholders(version, "ko") == placeholders(version, "en") <= set(FACTS)


def test_the_text_in_use_says_every_fact_that_does_not_move_with_the_clock():
    assert placeholders(notices.CURRENT_VERSION, "ko") == TIMELESS


@pytest.mark.parametrize("locale", notices.LOCALES)
@pytest.mark.parametrize("item", LAW)
def test_says_what_the_law_asks_for(item, locale):
    heading, words = LAW[item][:2] if locale == "ko" else LAW[item][2:]

    section = next(one for one in current(locale).sections if one.heading.startswith(heading))

    assert words in " ".join(section.paragraphs)
    assert section.strong == item.endswith("!") or item.startswith("GDPR")


@pytest.mark.parametrize("locale", notices.LOCALES)
def test_who_what_for_and_how_long_come_first_and_alone_are_emphasised(locale):
    strong = [section.strong for section in current(locale).sections]

    assert strong == [True] * 3 + [False] * (len(strong) - 3)


def test_the_two_languages_have_the_same_sections_in_the_same_order():
    korean, english = current("ko").sections, current("en").sections

    assert [len(section.paragraphs) for section in korean] == [len(section.paragraphs) for section in english]
    assert [section.strong for section in korean] == [section.strong for section in english]


@pytest.mark.parametrize("words", ["등에", "기타", "and others", "etc", "partners", "제휴사"])
def test_no_recipient_hides_behind_others(words):
    assert words not in current("ko").text + current("en").text


def test_the_hash_is_of_the_text_that_was_shown():
    notice = current("ko")

    assert notice.sha256 == sha256_hex(notice.text.encode())
    assert notice.sha256 != current("ko", retention_days="31").sha256
    assert notice.sha256 != current("en").sha256


@pytest.mark.parametrize(("version", "locale"), [(99, "ko"), (1, "fr"), (1, "../v1.ko")])
def test_a_missing_translation_blocks_the_ask(version, locale):
    with pytest.raises(NoticeMissing):
        notices.render(version=version, locale=locale, facts=FACTS)


@pytest.mark.parametrize("missing", sorted(TIMELESS))
def test_a_missing_fact_is_an_error_and_never_a_gap(missing):
    facts = {name: text for name, text in FACTS.items() if name != missing}

    with pytest.raises(KeyError):
        notices.render(version=notices.CURRENT_VERSION, locale="ko", facts=facts)
