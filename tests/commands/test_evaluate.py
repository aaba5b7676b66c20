import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.commands import app

ANSWERED = "Darf ich WhatsApp dienstlich nutzen?"
UNKNOWN = "fgh jkl"
YAML = f"""\
examples:
  - {{text: "{ANSWERED}", language: de, kind: formal, expect: [whatsapp]}}
  - {{text: "Is Skype allowed?", language: en, expect: []}}
  - {{text: "{UNKNOWN}", expect: [signal]}}
"""


FAQ = f"""\
entries:
  - {{id: whatsapp, phrasings: {{de: ["{ANSWERED}", "WhatsApp im Labor"], en: ["Is WhatsApp ok?"]}}}}
  - {{id: skype, phrasings: {{de: ["Ist Skype verboten?", "Skype im Seminar"], en: ["Is Skype allowed?"]}}}}
  - {{id: signal, phrasings: {{de: ["Taugt Signal?", "Signal für Gruppen"], en: ["What about Signal?"]}}}}
"""


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def evaluate(file: Path, *arguments: object, code: int = 0) -> str:
    """What is printed for the examples in `file`, which are put to a small FAQ beside it."""
    faq = file.parent / "faq"
    faq.mkdir(exist_ok=True)
    (faq / "faq.yaml").write_text(FAQ)
    return run(file, "--knowledge", faq, *arguments, code=code)


def told(file: Path, *arguments: object, code: int = 0) -> Any:
    return json.loads(evaluate(file, *arguments, "--json", code=code))


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "examples.yaml"
    path.write_text(YAML)
    return path


def kept(path: Path, **verdicts: str) -> Path:
    """A baseline in which the examples were judged so."""
    texts = {"answered": ANSWERED, "skype": "Is Skype allowed?", "unknown": UNKNOWN, "gone": "gone"}
    path.write_text(json.dumps({"examples": [{"text": texts[k], "verdict": v} for k, v in verdicts.items()]}))
    return path


def test_rates_are_told_by_language_and_kind(examples: Path) -> None:
    shown = [line.replace("│", " ").split() for line in evaluate(examples).splitlines()]
    assert ["all", "3", "33.3", "%", "(1)", "0.0", "%", "(0)", "33.3", "%", "(1)", "33.3", "%", "(1)"] in shown
    assert ["en", "1", "0.0", "%", "(0)", "0.0", "%", "(0)", "100.0", "%", "(1)", "0.0", "%", "(0)"] in shown
    assert ["formal", "1", "100.0", "%", "(1)", "0.0", "%", "(0)", "0.0", "%", "(0)", "0.0", "%", "(0)"] in shown


def test_programs_get_what_an_entry_answers_apart_from_what_none_does(examples: Path) -> None:
    figures = told(examples)
    assert figures["answered_by_an_entry"] == {"right": 1, "helped": 0, "wrong": 0, "refused": 1}
    assert figures["answered_by_none"] == {"right": 0, "helped": 0, "wrong": 1, "refused": 0}


def test_programs_get_what_was_offered(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(
        "entries:\n  - {id: a, phrasings: {de: [Wo ist das Büro?]}}\n  - {id: b, phrasings: {de: [Wo ist das Büro?]}}\n"
        "examples:\n  - {text: Wo ist das Büro?, expect: [a]}\n"
    )
    (example,) = json.loads(run("--knowledge", tmp_path, "--json"))["examples"]
    assert (example["verdict"], example["given"], sorted(example["offered"])) == ("helped", [], ["a", "b"])


def test_failures_are_told_with_file_and_line(examples: Path) -> None:
    shown = evaluate(examples)
    assert f'{examples}:3: wrong: "Is Skype allowed?" expects no entry, got answer: skype' in shown
    assert f'{examples}:4: refused: "{UNKNOWN}" expects signal, got fallback' in shown
    assert ANSWERED not in shown


def test_json_lines_mean_the_same(examples: Path, tmp_path: Path) -> None:
    lines = tmp_path / "examples.jsonl"
    rows = [
        {"text": ANSWERED, "language": "de", "kind": "formal", "expect": ["whatsapp"]},
        {"text": "Is Skype allowed?", "language": "en", "expect": []},
        {"text": UNKNOWN, "expect": ["signal"]},
    ]
    lines.write_text("\n\n".join(map(json.dumps, rows)))
    from_yaml, from_lines = told(examples), told(lines)
    assert [each.pop("line") for each in from_lines["examples"]] == [1, 3, 5]
    assert {each.pop("file") for each in from_lines["examples"]} == {str(lines)}
    for each in from_yaml["examples"]:
        del each["line"], each["file"]
    assert from_lines == from_yaml


def test_without_a_file_the_faq_s_own_examples_are_evaluated(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(
        "entries:\n  - {id: a, phrasings: {de: [Wo ist das Büro?]}}\n  - {id: b, phrasings: {de: [Wer hilft mir?]}}\n"
        "examples:\n  - {text: Wo ist das Büro?, expect: [a]}\n"
    )
    (example,) = json.loads(run("--knowledge", tmp_path, "--json"))["examples"]
    assert (example["verdict"], example["file"], example["line"]) == ("right", str(tmp_path / "faq.yaml"), 5)


def test_a_faq_without_examples_has_nothing_to_evaluate(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text("entries:\n  - {id: a, phrasings: {de: [Wo?]}}\n")
    assert "the FAQ has no examples" in run("-k", tmp_path, code=2)


def test_a_configuration_s_thresholds_count(tmp_path: Path) -> None:
    file, config = tmp_path / "examples.yaml", tmp_path / "config.yaml"
    file.write_text("examples: [{text: Ist Skype im Seminar verboten?, expect: []}]")
    config.write_text('matrix: {user: "@b:c", password: x}\nmatching: {answer: 1, clarify: 1, near: 1}\n')
    assert told(file)["all"]["wrong"] == 1
    assert told(file, "--config", config)["all"]["wrong"] == 0


def test_the_curve_tells_what_would_come_of_other_thresholds(examples: Path) -> None:
    assert [point["answer"] for point in told(examples, "--curve")["curve"]][:3] == [0.05, 0.1, 0.15]
    assert "0.95" in evaluate(examples, "--curve")


BROKEN = {
    "no yaml": ("x.yaml", "examples: [\n", 2, "no valid YAML"),
    "other keys": ("x.yaml", "examples:\n  - {q: x, expect: []}\n", 2, "`text` and `expect`"),
    "nothing expected": ("x.yaml", "examples:\n  - text: x\n", 2, "`examples[1].expect` is missing"),
    "unknown entry": ("x.yaml", "examples:\n  - {text: x, expect: [signal, nowhere]}\n", 2, "`nowhere` does not exist"),
    "no examples": ("x.yaml", "examples: []\n", 1, "there are no examples"),
    "an empty file": ("x.yaml", "", 1, "`examples` is missing"),
    "no json": ("x.jsonl", '{"text": "x", "expect": []}\n{"text"\n', 2, "no JSON object"),
    "no object": ("x.jsonl", "\n[1]\n", 2, "block of keys"),
    "other keys in json": ("x.jsonl", '{"text": "x", "lang": "de", "expect": []}', 1, "`language`"),
    "unknown entry in json": ("x.jsonl", '{"text": "x", "expect": ["nowhere"]}', 1, "`nowhere` does not exist"),
    "an empty file of json": ("x.jsonl", "\n", 1, "there are no examples"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_cannot_be_used_is_told_with_line_and_remedy(tmp_path: Path, case: str) -> None:
    name, content, line, message = BROKEN[case]
    (tmp_path / name).write_text(content)
    shown = evaluate(tmp_path / name, code=2)
    assert shown.startswith(f"{tmp_path / name}:{line}: error: ")
    assert message in shown


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in evaluate(tmp_path / "nowhere.yaml", code=2)


def test_what_is_as_it_was_is_not_worse(examples: Path, tmp_path: Path) -> None:
    evaluate(examples, "--save", tmp_path / "kept.json")
    shown = evaluate(examples, "--baseline", tmp_path / "kept.json")
    assert shown.endswith("Not worse than the baseline.\n")
    assert "->" not in shown.splitlines()[-2]


def test_what_json_prints_is_a_baseline_too(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text(evaluate(examples, "--json"))
    assert told(examples, "--baseline", tmp_path / "kept.json")["baseline"]["compared"] == 3


def test_an_example_that_became_wrong_makes_it_worse(examples: Path, tmp_path: Path) -> None:
    baseline = kept(tmp_path / "kept.json", answered="right", skype="right", unknown="refused")
    shown = evaluate(examples, "--baseline", baseline, code=1)
    assert f'{examples}:3: right -> wrong: "Is Skype allowed?", got answer: skype' in shown
    assert shown.endswith("Worse than the baseline.\n")
    assert told(examples, "--baseline", baseline, code=1)["baseline"]["is_worse"]


def test_a_share_that_fell_makes_it_worse(examples: Path, tmp_path: Path) -> None:
    baseline = kept(tmp_path / "kept.json", answered="right", skype="wrong", unknown="helped")
    assert f'{examples}:4: helped -> refused: "{UNKNOWN}"' in evaluate(examples, "--baseline", baseline, code=1)


def test_only_examples_in_both_are_compared(examples: Path, tmp_path: Path) -> None:
    baseline = kept(tmp_path / "kept.json", answered="refused", gone="right")
    comparison = told(examples, "--baseline", baseline)["baseline"]
    assert (comparison["compared"], comparison["is_worse"], comparison["right"]) == (1, False, [0.0, 1.0])
    assert [(change["before"], change["verdict"]) for change in comparison["changes"]] == [("refused", "right")]


@pytest.mark.parametrize("content", ["{}", "no json", '{"examples": [{"text": "x", "verdict": "good"}]}'])
def test_what_is_no_baseline_is_told(examples: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "kept.json").write_text(content)
    assert "--save" in evaluate(examples, "--baseline", tmp_path / "kept.json", code=2)


def test_a_place_that_cannot_be_written_is_told(examples: Path, tmp_path: Path) -> None:
    assert "cannot be written" in evaluate(examples, "--save", tmp_path / "nowhere" / "kept.json", code=2)


def test_the_rule_is_stated_in_the_help() -> None:
    assert "more than one percentage point" in " ".join(run("--help").split())
