import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands import app

FAQ = """\
entries:
  - id: whatsapp
    phrasings: {de: [Darf ich WhatsApp dienstlich nutzen?, WhatsApp im Labor], en: [Is WhatsApp ok?]}
    answer: {de: Besser nicht., en: Better not.}
  - id: signal
    phrasings: {de: [Ist Signal erlaubt?, Signal für Gruppen, Gäste einladen], en: [Is Signal ok?]}
    answer: {de: Ja., en: Yes.}
  - {id: konferenz, phrasings: {de: [Gäste einladen, Konferenz mit Gästen, Wie leite ich eine Konferenz?]}}
"""
FIELDS = ["question", "lang", "decision", "entry", "entries", "confidence", "candidates", "options", "text"]


def ask(*arguments: str, given: str | bytes = "", code: int = 0) -> str:
    result = CliRunner().invoke(app, ["ask", *arguments], input=given)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout if code == 0 else result.output


def objects(*arguments: str, given: str | bytes = "") -> list[dict[str, object]]:
    return [json.loads(line) for line in ask("--json", *arguments, given=given).splitlines()]


@pytest.fixture
def faq(tmp_path: Path) -> str:
    """A small FAQ: it takes less time than the one that ships."""
    (tmp_path / "faq.yaml").write_text(FAQ, encoding="utf-8")
    return f"--knowledge={tmp_path}"


def test_an_answer_has_all_that_the_contract_names() -> None:
    (answer,) = objects("Darf ich WhatsApp dienstlich nutzen?")
    assert list(answer) == FIELDS
    assert (answer["decision"], answer["entry"], answer["entries"], answer["lang"]) == (
        "answer",
        "whatsapp",
        ["whatsapp"],
        "de",
    )
    assert len(answer["candidates"]) == 5  # type: ignore[arg-type]
    assert answer["options"] == []
    assert "WhatsApp" in str(answer["text"])


def test_one_question_a_line_gives_one_object_a_line_in_order(faq: str) -> None:
    questions = ["Is Signal ok?", "", "Danke!", "!help", "fgh jkl", "\u202e"]
    answers = objects(faq, given="\n".join(questions) + "\n")
    assert [answer["question"] for answer in answers] == questions
    assert [answer["decision"] for answer in answers] == [
        "answer",
        "fallback",
        "smalltalk",
        "command",
        "fallback",
        "fallback",
    ]


def test_a_question_may_hold_bytes_that_are_no_utf8(faq: str) -> None:
    (answer,) = objects(faq, given=b"Ist Signal erlaubt \xff\xfe?\n")
    assert answer["entry"] == "signal"


def test_the_lines_of_a_session_are_one_conversation(faq: str) -> None:
    offered, chosen = objects(faq, "--session", given="gäste einladen\n2\n")
    assert offered["decision"] == "clarify"
    assert chosen["entry"] == offered["options"][1]  # type: ignore[index]


def test_without_a_session_each_line_stands_alone(faq: str) -> None:
    assert [each["decision"] for each in objects(faq, given="gäste einladen\n2\n")] == ["clarify", "fallback"]


def test_the_language_can_be_chosen(faq: str) -> None:
    assert objects(faq, "--lang", "en", "Ist Signal erlaubt?")[0]["lang"] == "en"


def test_explain_shows_entries_and_thresholds(faq: str) -> None:
    result = CliRunner().invoke(app, ["ask", faq, "--explain", "watsapp im Labor"], env={"COLUMNS": "200"})
    assert "whatsapp" in result.output
    assert "Answered from" in result.output


def test_another_faq_in_one_language_can_be_asked(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "entries:\n  - {id: a_b, phrasings: {de: [Wo ist das Büro?]}}\n  - {id: c, phrasings: {de: [Wer?]}}\n"
    )
    assert objects("--knowledge", str(tmp_path), "wo ist das buero")[0]["entry"] == "a_b"


@pytest.mark.parametrize("arguments", [("--lang", "fr", "x"), ("--knowledge", "nowhere", "x"), ("--nonsense",)])
def test_wrong_usage_is_told_in_a_clear_line_with_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert ask(*arguments, code=2).strip()
