from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.commands import app
from bot.core.situation import Thresholds

CONFIG = 'matrix: {user: "@b:c", password: x}\n'
FAQ = """\
entries:
  - {id: skype, phrasings: {de: ["Ist Skype verboten?", "Skype im Seminar", "Skype auf dem Handy"]}}
  - {id: signal, phrasings: {de: ["Taugt Signal?", "Signal für Gruppen", "Wer nutzt Signal?"]}}
"""


def tune(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["tune", *map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "Trying" not in result.stdout
    return result.output


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    folder = tmp_path / "faq"
    folder.mkdir()
    (folder / "faq.yaml").write_text(FAQ)
    return folder


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Fifteen that are nearly phrasings, and fifteen of nothing that the FAQ knows."""
    path = tmp_path / "examples.yaml"
    inside = [{"text": f"Ist Skype im Seminar {n} verboten?", "expect": ["skype"]} for n in range(15)]
    outside = [{"text": f"fgh jkl {n}", "expect": []} for n in range(15)]
    path.write_text(yaml.safe_dump({"examples": inside + outside}, allow_unicode=True))
    return path


def test_what_is_proposed_can_be_pasted_into_the_configuration_and_is_kept_then(
    faq: Path, examples: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG + "matching: {answer: 1, clarify: 1, near: 1, ambiguity: 1}\n")
    shown = tune(examples, "-k", faq, "-c", config)
    assert "in force: answer 1, clarify 1, near 1, ambiguity 1" in shown
    pasted = "matching:" + shown.partition("\nmatching:")[2]
    proposed = Thresholds.model_validate(yaml.safe_load(pasted)["matching"])
    assert proposed.answer < 1
    assert f"proposed: {', '.join(f'{name} {value:g}' for name, value in proposed.model_dump().items())}" in shown
    config.write_text(CONFIG + pasted)
    shown = tune(examples, "-k", faq, "-c", config)
    assert "keep it" in shown
    assert "matching:" not in shown


def test_what_a_wrong_answer_costs_can_be_said(faq: Path, examples: Path) -> None:
    examples.write_text(examples.read_text().replace("- skype", "- signal"))  # half of them are answered wrong
    assert "2.500 ±" in tune(examples, "-k", faq)
    assert "1.000 ±" in tune(examples, "-k", faq, "--wrong-costs", 2)


def test_too_few_examples_are_refused_kindly(faq: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text('{"text": "Ist Skype verboten?", "expect": ["skype"]}\n')
    shown = tune(few, "-k", faq, code=2)
    assert "add 14 more that an entry answers and 15 more that none answers" in shown
    assert shown.count("\n") == 1


def test_a_file_that_cannot_be_used_is_told_with_its_line(faq: Path, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("examples:\n  - {text: x, expect: [nowhere]}\n")
    assert "x.yaml:2: error: the entry `nowhere` does not exist" in tune(tmp_path / "x.yaml", "-k", faq, code=2)
