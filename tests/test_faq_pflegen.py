"""The page for those who keep the FAQ (docs/faq-pflegen.md) is true: its YAML loads, its commands exist, it quotes."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.faq.knowledge import load, shipped
from bot.commands import app
from bot.core.commands import VERBS
from bot.core.faq import Entry
from bot.core.lint import lint
from bot.core.understanding import Understanding

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "faq-pflegen.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.DOTALL | re.MULTILINE)
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "bot").rglob("*.py")))
CODE = re.findall(r"`([^`\n]+)`", PROSE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def faq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped FAQ with what a reader of the page has added to it."""
    folder = shutil.copytree(shipped(), tmp_path_factory.mktemp("own") / "faq")
    for number, block in enumerate(blocks("yaml")):
        (folder / f"own{number}.yaml").write_text(block, encoding="utf-8")
    return folder


def test_the_yaml_shown_loads_and_has_nothing_to_complain_of(faq: Path) -> None:
    assert len(blocks("yaml")) == 3
    assert [str(fault) for fault in lint(load(faq)) if "own" in fault.place.file] == []


def test_what_the_reader_has_added_answers_as_the_page_says(faq: Path) -> None:
    parts = {
        "wo mach ich die untertittel an": "Im Menü der Konferenz",
        "Wo führe ich mein Laborbuch?": "Zum Laborbuch weiß ich nichts",
        "Kann ich meinen Hiwis über die grüne App schreiben?": "auf WhatsApp zu verzichten",
    }
    result = CliRunner().invoke(app, ["ask", "--json", "--knowledge", str(faq)], input="\n".join(parts))
    answers = {told["question"]: told["text"] for told in map(json.loads, result.output.splitlines())}
    assert answers.keys() == parts.keys()
    for question, part in parts.items():
        assert question in " ".join(PAGE.split())
        assert part in answers[question]


def commands() -> Iterator[str]:
    yield from (line for block in blocks("sh") for line in block.splitlines())
    yield from (text for text in CODE if text.startswith("auskunft "))


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_every_command_line_shown_exists_with_its_options(line: str) -> None:
    _, *words = shlex.split(line)
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, result.output


def test_every_command_of_the_admins_room_exists_and_all_are_told() -> None:
    understanding = Understanding(load().phrases.understands)
    meant = {
        text: {verb for verb in VERBS if understanding.read(text.strip("!").partition("!")[0]).means(f"{verb}_command")}
        for text in re.findall(r"!\w+!?", "\n".join([*CODE, *blocks("text")]))
    }
    assert [text for text, verbs in meant.items() if not verbs] == []
    assert set().union(*meant.values()) == set(VERBS)


def test_what_the_bot_is_quoted_with_it_says() -> None:
    says = load().phrases.says
    said = [
        re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(paragraph)))
        for name in type(says).model_fields
        for text in _texts(getattr(says, name).de)
        for paragraph in text.split("\n\n")
        if re.sub(r"{\w+}", "", paragraph).strip()  # some only hold a place
    ]
    quoted = re.findall(r"^> (.+)$", PAGE, re.MULTILINE)
    assert len(quoted) > 5
    assert [quote for quote in quoted if not any(pattern.fullmatch(quote) for pattern in said)] == []


def _texts(told: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else told or ()


def test_every_message_that_the_page_explains_is_given_somewhere() -> None:
    rows = re.findall(r"^\| ((?:`[a-z][^`|]+`(?:, )?)+) \| [^|]+ \| [^|]+ \|$", PROSE, re.MULTILINE)
    explained = [text for row in rows for text in re.findall(r"`([^`]+)`", row)]
    assert len(explained) > 15
    missing = [text for text in explained if not re.search(".*".join(map(re.escape, text.split(" … "))), SOURCE)]
    assert missing == []


@pytest.mark.parametrize(
    "text",
    [
        "has several matches near one another, or none",
        "The FAQ says that it does not cover this: ",
        "Nearest phrasing",
        "Not worse than the baseline",
        "BITTE ERSETZEN",
        "PLEASE REPLACE",
    ],
)
def test_what_is_quoted_in_passing_is_said_so(text: str) -> None:
    assert text in PAGE
    assert text in SOURCE


def test_the_fields_explained_are_fields_of_an_entry_and_those_shown() -> None:
    shown = set(re.findall(r"^(?:  - |    )(\w+):", blocks("yaml")[0], re.MULTILINE))
    assert (
        shown
        == set(Entry.model_fields) - {"offers_human"}
        == set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", PROSE, re.MULTILINE))
    )


def test_every_jump_within_the_page_lands_on_a_heading() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
