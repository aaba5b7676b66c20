import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.faq.knowledge import shipped
from bot.commands import app
from bot.commands.report import shown
from tests.adapters.faq.test_knowledge import BROKEN


def check(*arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments], env=environment)
    return result.exit_code, result.output


def test_the_shipped_faq_is_in_order_but_for_reviews_that_are_due() -> None:
    code, output = check()
    *faults, summary = output.splitlines()
    assert code == 0
    assert [fault for fault in faults if "the review was due" not in fault] == []
    assert summary == f"{shown(str(shipped()))}: 31 entries in 4 files: 0 errors, {len(faults)} warnings."


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_faq_ends_with_1_and_names_file_and_line(tmp_path: Path, case: str) -> None:
    content, line, *_ = BROKEN[case]
    (tmp_path / "faq.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    code, output = check("--knowledge", str(tmp_path))
    assert code == 1
    assert f"faq.yaml:{line}: error: " in output


def test_what_is_missing_in_a_language_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(
        "entries:\n  - {id: a, phrasings: {de: [x], en: [y]}, answer: {de: x}, question: {de: x, en: y}}\n"
    )
    code, output = check("-k", str(tmp_path))
    assert code == 1
    assert "faq.yaml:2: error: entry a: the answer is missing in en" in output


def test_warnings_fail_only_a_strict_check(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(
        "entries:\n  - {id: a, phrasings: {de: [x]}, answer: {de: x}, question: {de: x}}\n"
    )
    code, output = check("-k", str(tmp_path))
    assert code == 0
    assert output.endswith("1 entry in 1 file: 0 errors, 6 warnings.\n")
    assert check("-k", str(tmp_path), "--strict")[0] == 1


def test_a_configuration_is_checked_with_the_faq_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('matrix: {user: "@b:c", password: x}\nknowledge: nowhere\n')
    code, output = check("--config", str(tmp_path / "config.yaml"))
    assert code == 2
    assert "this is no folder" in output


def test_what_can_be_read_is_checked_beside_what_cannot(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("entries:\n  - {id: a, phrasings: {de: [x]}, answer: {de: 'x<br>y'}}\n")
    (tmp_path / "b.yaml").write_text("entries:\n\t- x\n")
    (tmp_path / "c.yaml.txt").write_text("")
    code, output = check("-k", str(tmp_path))
    assert code == 1
    assert [row.removeprefix(f"{tmp_path}/").partition(": ")[0] for row in output.splitlines()] == [
        "a.yaml:2",
        "b.yaml:2",
        "c.yaml.txt:1",
        str(tmp_path),
    ]
    assert output.endswith("1 error, 2 warnings. The rest is checked once the FAQ can be read as a whole.\n")


def test_how_phrasings_match_is_told(tmp_path: Path) -> None:
    asked = "Wo steht im Institut der große Drucker für Plakate?"
    again = "Wo steht im Institut der große Drucker für die Plakate?"
    (tmp_path / "faq.yaml").write_text(
        "entries:\n"
        f"  - {{id: a, phrasings: {{de: [{asked}, Drucker kaputt, Toner im Drucker]}}}}\n"
        f"  - {{id: b, phrasings: {{de: [Wann gibt es Urlaub?, Urlaub nehmen, {again}]}}}}\n"
    )
    assert f'"{asked}" is nearly "{again}" of `b`' in check("-k", str(tmp_path))[1]


def test_the_configured_thresholds_decide_what_leads_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "faq").mkdir()
    (tmp_path / "faq" / "faq.yaml").write_text(
        "entries:\n  - {id: a, phrasings: {de: [Drucker kaputt]}}\n  - {id: b, phrasings: {de: [Drucker kaufen]}}\n"
    )
    config = tmp_path / "config.yaml"
    config.write_text('matrix: {user: "@b:c", password: x}\nknowledge: faq\n')
    assert "leads as well to" not in check("-c", str(config))[1]
    config.write_text(config.read_text() + "matching: {answer: 0, clarify: 0, near: 0, ambiguity: 1}\n")
    assert "leads as well to `b`" in check("-c", str(config))[1]


def test_a_review_that_is_due_is_told(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text("entries: [{id: a, review_by: 2020-05-01, phrasings: {de: [x]}}]\n")
    assert "the review was due on 2020-05-01" in check("-k", str(tmp_path))[1]


def test_a_folder_that_is_named_wins_over_the_one_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('matrix: {user: "@b:c", password: x}\nknowledge: nowhere\n')
    (tmp_path / "faq").mkdir()
    (tmp_path / "faq" / "faq.yaml").write_text("entries: [{id: a, phrasings: {de: [x]}}]\n")
    assert "1 entry in 1 file" in check("-c", str(tmp_path / "config.yaml"), "-k", str(tmp_path / "faq"))[1]


def test_a_faq_that_says_nothing_is_checked_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text('entries: [{id: a, phrasings: {de: ["???"]}}]\n')
    assert "holds no word, and leads to no entry" in check("-k", str(tmp_path))[1]


def test_the_faults_of_a_configuration_are_told_with_the_faqs(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('matrix: {user: "@b:example.org", password: x}\nknowledge: faq\n')
    (tmp_path / "faq").mkdir()
    (tmp_path / "faq" / "faq.yaml").write_text("entries: [{id: a, phrasings: {de: [x]}}]\n")
    code, output = check("--config", str(tmp_path / "config.yaml"))
    assert code == 1
    assert output.startswith(f"{tmp_path}/config.yaml:1: error: `@b:example.org` is still the example's")
    assert "entry a: the answer is missing in de" in output


def test_an_unusable_configuration_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("matrix: {user: x}\n")
    assert check("--config", str(tmp_path / "config.yaml"))[0] == 2


def test_programs_get_json_or_annotations_but_not_both(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text("entries: [{id: a, phrasings: {de: [x]}}]\n")
    folder = str(tmp_path)
    code, output = check("-k", folder, "--json")
    told = json.loads(output)
    assert (code, told["entries"], told["errors"], len(told["faults"])) == (1, 1, 2, told["errors"] + told["warnings"])
    assert (
        f"::error file={folder}/faq.yaml,line=1,title=entry a::the answer is missing in de."
        in check("-k", folder, "--annotations", "github")[1]
    )
    assert len(json.loads(check("-k", folder, "--annotations", "gitlab")[1])) == len(told["faults"])
    assert check("-k", folder, "--json", "--annotations", "gitlab")[0] == 2
    assert check("-k", folder, "--annotations", "bitbucket")[0] == 2


def test_links_are_asked_only_where_it_is_wanted_and_what_is_good_is_remembered(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = f"http://127.0.0.1:{server.getsockname()[1]}/"
    (tmp_path / "faq.yaml").write_text(
        f"entries:\n  - id: a\n    phrasings: {{de: [x]}}\n    answer: {{de: 'Siehe <{dead}>.'}}\n"
    )
    folder = str(tmp_path)
    assert "leads nowhere" not in check("-k", folder)[1]
    cache = tmp_path / "cache"
    code, output = check("-k", folder, "--links", XDG_CACHE_HOME=str(cache))
    assert json.loads((cache / "auskunft" / "links.json").read_text()) == {}
    check("-k", folder, "--links", XDG_CACHE_HOME="nowhere", HOME=str(tmp_path))  # only a whole path counts
    assert (tmp_path / ".cache" / "auskunft" / "links.json").exists()
    assert code == 1
    assert f"faq.yaml:4: error: entry a: {dead} leads nowhere: the server cannot be reached." in output
