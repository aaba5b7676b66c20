"""All that is wrong with a FAQ is found at once, and told in the order of the files."""

from pathlib import Path

from bot.adapters.faq.inspection import inspect


def test_what_its_files_say_amiss_is_told_in_order_beside_what_the_faq_lacks(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("entries:\n  - {id: a, phrasings: {de: [x]}}\n")
    (tmp_path / "b.yaml").write_text("entries:\n  - id: b\n    phrasings: {de: [y]}\n    answer:\n      de: Raum #5\n")
    (tmp_path / "c.yaml.txt").write_text("")
    (tmp_path / "d.yaml.txt").mkdir()
    faults = inspect(tmp_path).faults
    told = "\n".join(map(str, faults))
    assert f"{tmp_path}/a.yaml:2: error: entry a: the answer is missing in de" in told
    assert "the text is cut off" in told
    assert "c.yaml.txt:1: warning: this file is not read" in told
    assert "d.yaml.txt" not in told
    assert list(faults) == sorted(faults)
