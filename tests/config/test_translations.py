"""Maru speaks Korean first; every sentence that leaves it has an English twin."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.template import engines
from django.template.base import Node, TextNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation

ROOT = settings.BASE_DIR
LOCALE = ROOT / "config/locale"
CATALOGUE = LOCALE / "en/LC_MESSAGES/django.po"
FLOORS = ("config", "consent", "rewards", "marketplace")
HANGUL = re.compile(r"[가-힣]")
CALLS = {"_": 0, "gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "ngettext": 0, "ngettext_lazy": 0}
CALLS |= {"pgettext": 1, "pgettext_lazy": 1, "npgettext": 1, "npgettext_lazy": 1}
# A language names itself, in itself.
OWN_NAMES = {"한국어"}


def templates() -> list[Path]:
    return sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("templates/**/*.html"))


def modules() -> list[Path]:
    return sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def nodes_of(node: Node) -> Iterator[Node]:
    yield node
    for attribute in (*node.child_nodelists, "nodelist"):
        for child in getattr(node, attribute, None) or ():
            yield from nodes_of(child)
    for _, nodelist in getattr(node, "conditions_nodelists", ()):
        for child in nodelist:
            yield from nodes_of(child)


def parsed(path: Path) -> list[Node]:
    source = path.read_text(encoding="utf-8")
    template = engines["django"].from_string(source).template
    seen = {id(node): node for top in template.nodelist for node in nodes_of(top)}
    return list(seen.values())


#: A sentence, and the context it is said in.
Key = tuple[str | None, str]


def sentences_of_template(path: Path) -> Iterator[Key]:
    for node in parsed(path):
        if isinstance(node, TranslateNode | BlockTranslateNode):
            context = str(node.message_context.var) if node.message_context else None
            is_block = isinstance(node, BlockTranslateNode)
            text = node.render_token_list(node.singular)[0] if is_block else str(node.filter_expression.var)
            yield context, text[1:-1] if not is_block and text[:1] in "\"'" else text
    yield from ((None, text) for text in re.findall(r"_\(\"([^\"]+)\"\)", path.read_text(encoding="utf-8")))


def sentences_of_module(path: Path) -> Iterator[Key]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in CALLS or len(node.args) <= CALLS[name]:
            continue
        message, context = node.args[CALLS[name]], node.args[0] if CALLS[name] else None
        if isinstance(message, ast.Constant) and isinstance(message.value, str):
            yield getattr(context, "value", None), message.value


def said(entries: Iterable[polib.POEntry]) -> dict[Key, tuple[str, dict[int, str]]]:
    return {(entry.msgctxt, entry.msgid): (entry.msgstr, dict(entry.msgstr_plural)) for entry in entries}


@pytest.fixture(scope="module")
def english() -> dict[Key, polib.POEntry]:
    return {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(CATALOGUE))}


def untranslated(sentences: Iterator[Key], english: dict[Key, polib.POEntry]) -> set[Key]:
    korean = {sentence for sentence in sentences if HANGUL.search(sentence[1])}
    return {sentence for sentence in korean if sentence not in english or not english[sentence].translated()}


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_sentence_of_a_template_is_said_in_english_too(path, english):
    assert untranslated(sentences_of_template(path), english) == set()


def test_every_sentence_of_the_code_is_said_in_english_too(english):
    missing = {str(path.relative_to(ROOT)): untranslated(sentences_of_module(path), english) for path in modules()}

    assert {name: sentences for name, sentences in missing.items() if sentences} == {}


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_korean_stands_in_a_template_outside_a_translation(path):
    texts = [node.s for node in parsed(path) if isinstance(node, TextNode)]

    bare = {word for text in texts for word in re.findall(r"[가-힣]+", text)} - OWN_NAMES

    assert bare == set()


def labels_of_models() -> Iterator[tuple[str, object]]:
    for app in apps.get_app_configs():
        yield f"app {app.label}", app.verbose_name
    for model in apps.get_models():
        yield model._meta.label, model._meta.verbose_name
        yield f"{model._meta.label}, many", model._meta.verbose_name_plural
        for field in model._meta.get_fields():
            yield str(field), getattr(field, "verbose_name", "")
            yield from ((f"{field}={value}", label) for value, label in getattr(field, "flatchoices", ()))


def test_every_label_of_a_model_changes_with_the_language():
    with translation.override("en"):
        korean = {name for name, label in labels_of_models() if HANGUL.search(str(label))}

    assert korean == set()


def test_no_english_sentence_still_holds_korean(english):
    mixed = {
        text
        for entry in english.values()
        for text in (entry.msgstr, *entry.msgstr_plural.values())
        if HANGUL.search(text)
    }

    assert mixed == set()


def test_english_spells_one_word_one_way(english):
    said = {text for entry in english.values() for text in (entry.msgstr, *entry.msgstr_plural.values())}
    said |= {path.read_text() for path in modules()}

    assert {text for text in said if re.search(r"\be-mail", text, re.IGNORECASE)} == set()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_compiled_catalogue_is_the_written_one(language):
    catalogue = LOCALE / language / "LC_MESSAGES/django.po"
    written = polib.pofile(str(catalogue)).translated_entries()

    compiled = polib.mofile(str(catalogue.with_suffix(".mo")))

    assert said(compiled) == said(written)


def test_a_sentence_keeps_its_placeholders_in_english(english):
    def holes(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", text))

    changed = {
        entry.msgid
        for entry in english.values()
        if entry.translated()
        for text in ([entry.msgstr] if not entry.msgid_plural else [entry.msgstr_plural[1]])
        if holes(text) != holes(entry.msgid_plural or entry.msgid)
    }

    assert changed == set()
