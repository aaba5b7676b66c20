"""Every way in which a FAQ's file can be broken is told with file, line and remedy, and all at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.adapters.faq.knowledge import examine, load, shipped
from bot.core.fault import Fault
from bot.yamlfile import Refused

GOOD = 'entries:\n  - id: good\n    phrasings: {de: ["Wo?"]}\n'


def faults(folder: Path, content: str | bytes, name: str = "faq.yaml") -> list[str]:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Refused) as refused:
        load(folder)
    return [str(fault).removeprefix(f"{folder}/") for fault in refused.value.faults]


BROKEN = {
    "unknown key": (
        "entries:\n  - id: a\n    phrasings: {de: [x]}\n    anwser: {de: x}\n",
        4,
        "entry a: unknown key",
        "`answer`",
    ),
    "unknown key on top": ("entires: []\n", 1, "unknown key `entires`", "`entries`"),
    "missing id": ("entries:\n  - phrasings: {de: [x]}\n", 2, "is missing", "Add it."),
    "missing phrasings": ("entries:\n  - id: a\n", 2, "`entries[1].phrasings` is missing", "Add it."),
    "no phrasing": ("entries:\n  - id: a\n    phrasings: {}\n", 3, "there are no phrasings", "Add sample questions"),
    "empty phrasing": (
        'entries:\n  - id: a\n    phrasings:\n      de:\n        - "x"\n        - " "\n',
        6,
        "is empty",
        "Write",
    ),
    "duplicate id": (GOOD + "  - id: good\n    phrasings: {de: [y]}\n", 4, "a second time", "Choose another id."),
    "duplicate key": (
        "entries:\n  - id: a\n    id: b\n    phrasings: {de: [x]}\n",
        3,
        "stands here twice",
        "indentation",
    ),
    "unknown related": (GOOD + "    related:\n      - nowhere\n", 5, "`nowhere` does not exist", "Correct the id"),
    "unknown entry in an example": (
        GOOD + "examples: [{text: x, expect: [gut]}]\n",
        4,
        "`gut` does not exist",
        "Correct",
    ),
    "unknown entry to point to": (
        GOOD + "not_covered: [{names: [x], pointer: {de: y}, related: [gut]}]\n",
        4,
        "`gut` does not exist",
        "Correct",
    ),
    "nothing to recognise": (GOOD + "not_covered: [{pointer: {de: y}}]\n", 4, "either `names` or `phrasings`", ""),
    "malformed link": (GOOD + "    links: [{title: {de: x}, url: 'tu-bs'}]\n", 4, "is no link", "https://"),
    "active link": (GOOD + "    links: [{title: {de: x}, url: 'javascript:alert(1)'}]\n", 4, "is no link", "https://"),
    "malformed date": (GOOD + "    review_by: bald\n", 4, "is no date", "YYYY-MM-DD"),
    "a text for a list": ("entries:\n  - id: a\n    phrasings: {de: nur eins}\n", 3, "needs to be a list", "- "),
    "an open quote": ('entries:\n  - id: "a\n', 2, "the quotation mark here is not closed", "Close it"),
    "an open quote before another": (
        'entries:\n  - id: a\n    phrasings:\n      de:\n        - "Wo?\n        - "Wie?"\n        - "Was?"\n',
        5,
        "the quotation mark here is not closed",
        "Close it",
    ),
    "an open bracket": ("entries:\n  - id: [a\n    phrasings: {de: [x]}\n", 3, "no valid YAML", "brackets"),
    "no boolean": (GOOD + "    offers_human: vielleicht\n", 4, "is neither true nor false", "`true` or `false`"),
    "no whole number": (GOOD + "synonyms: [{to: x, from: [y], weight: viel}]\n", 4, "is no number", "point"),
    "too large a number": (GOOD + "synonyms: [{to: x, from: [y], weight: 2}]\n", 4, "is too large", "up to 1."),
    "too small a number": (GOOD + "synonyms: [{to: x, from: [y], weight: 0}]\n", 4, "is too small", "above 0."),
    "no such language": (GOOD + "examples: [{text: x, expect: [], language: fr}]\n", 4, "may not be that", "'de'"),
    "an id that is too long": (
        f"entries:\n  - id: {'a' * 101}\n    phrasings: {{de: [x]}}\n",
        2,
        "is too long",
        "at most 100 characters",
    ),
    "no pointer": (GOOD + "not_covered: [{names: [x], pointer: {}}]\n", 4, "the `pointer` has no text", ""),
    "spaces of a web page": (
        "entries:\n  - id: a\n    phrasings: {de: [x]}\n\u00a0   answer: {de: y}\n",
        4,
        "spaces of a web page",
        "ordinary spaces",
    ),
    "tab": ("entries:\n\t- id: a\n", 2, "tab", "spaces"),
    "encoding": ("entries:\n  - id: a\n    phrasings: {de: [Größe]}\n".encode("latin-1"), 3, "not UTF-8", "UTF-8"),
    "other encoding": (GOOD.encode("utf-16"), 1, "not UTF-8", "UTF-8"),
    "two documents": (GOOD + "---\n" + GOOD, 5, "second document", "one document a file"),
    "alias bomb": ("entries:\n  - &a [x]\n  - [*a, *a, *a]\n", 2, "marks of YAML", "quotes"),
    "a tag": (
        "entries:\n  - id: a\n    phrasings: {de: [x]}\n    answer: {de: !So wird gedruckt}\n",
        4,
        "marks of YAML",
        "quotes",
    ),
    "an id with a space": (
        "entries:\n  - id: a b\n    phrasings: {de: [x]}\n",
        2,
        "may not be written so",
        "without spaces",
    ),
    "deep nesting": ("entries: " + "[" * 500 + "]" * 500, 1, "nested too deeply", "flatter"),
    "a list on top": ("- a\n", 1, "block of keys", "`entries:`"),
    "wrong placeholder": ('phrases:\n  says:\n    thanks: {de: "{wer}"}\n' + GOOD, 3, "{wer}", "{contact}"),
    "a code in a sentence": (
        'phrases:\n  says:\n    thanks: {de: "{contact.x}"}\n' + GOOD,
        3,
        "{contact.x}",
        "{contact}",
    ),
    "a format in a sentence": (
        'phrases:\n  says:\n    thanks: {de: "{contact!x} {}"}\n' + GOOD,
        3,
        "{contact!x}, {}",
        "{contact}",
    ),
    "unknown sentence": ('phrases:\n  says:\n    thank: {de: "x"}\n' + GOOD, 3, "unknown key", "`thanks`"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_told_with_line_and_remedy(tmp_path: Path, case: str) -> None:
    content, line, message, remedy = BROKEN[case]
    (fault, *_) = faults(tmp_path, content)
    assert fault.startswith(f"faq.yaml:{line}: error: ")
    assert message in fault
    assert remedy in fault


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("entries:\n  - id: a\n    phrasings: {de: [x]}\n    foo: 1\n    review_by: bald\n")
    told = faults(tmp_path, "entries:\n\t- x\n", "b.yaml")
    assert [fault.partition(": ")[0] for fault in told] == ["a.yaml:4", "a.yaml:5", "b.yaml:2"]


def test_a_broken_file_does_not_make_others_faulty(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("good", "other") + "    related: [good, nowhere]\n")
    told = faults(tmp_path, GOOD + "    review_by: bald\n", "b.yaml")
    assert [fault.partition(": ")[0] for fault in told] == ["a.yaml:4", "b.yaml:4"]
    assert "`nowhere` does not exist" in told[0]


def test_a_file_of_50_mb_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "big.yaml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (fault,) = faults(tmp_path, GOOD)
    assert "too large (50 MiB" in fault


def test_an_empty_folder_and_a_missing_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there are no entries"):
        load(tmp_path)
    with pytest.raises(Refused, match="this is no folder"):
        load(tmp_path / "nowhere")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, whom no folder keeps out."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_cannot_be_read_is_told() -> None:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name, "faq")
        folder.mkdir(0o000)
        load()  # what is imported late is, before the rights are gone
        with as_nobody(), pytest.raises(Refused, match=r"the folder cannot be read \(Permission denied\)"):
            load(folder)


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (fault,) = faults(tmp_path, GOOD)
    assert "cannot be read" in fault


def test_little_is_needed_in_whatever_file_it_stands(tmp_path: Path) -> None:
    (tmp_path / "whatever.yml").write_text(GOOD)
    assert [entry.id for entry in load(tmp_path).entries] == ["good"]


def test_symbolic_links_are_followed_and_hidden_files_ignored(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "faq.yaml").write_text(GOOD)
    (tmp_path / "faq.yaml").symlink_to(tmp_path / "..data" / "faq.yaml")
    (tmp_path / ".#faq.yaml").symlink_to("somebody@somewhere.1234")
    assert len(load(tmp_path).entries) == 1


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(
        "\ufeffentries:\n  - id: a\n    phrasings: {de: [no, on, 1.10, 12:30, null, ~]}\n"
    )
    assert load(tmp_path).entries[0].phrasings.de == ("no", "on", "1.10", "12:30", "null", "~")


def test_own_phrases_replace_the_shipped_ones_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(GOOD + "phrases:\n  says:\n    thanks: {de: Bitte!}\n")
    says = load(tmp_path).phrases.says
    assert says.thanks.de == ("Bitte!",)
    assert says.fallback == load().phrases.says.fallback


def test_the_shipped_faq_links_only_to_https_and_mail(tmp_path: Path) -> None:
    assert shipped().is_dir()
    urls = [link.url for entry in load().entries for link in entry.links]
    assert urls
    assert all(url.startswith(("https://", "mailto:")) for url in urls)


def warnings(folder: Path, content: str = GOOD) -> tuple[Fault, ...]:
    """What is told of a folder that can be read all the same."""
    (folder / "faq.yaml").write_text(content)
    load(folder)
    told = examine(folder)[1]
    assert all(fault.severity == "warning" for fault in told)
    return told


@pytest.mark.parametrize("text", ["Raum #5", "Was ist C #? #neu", "Ticket\t#123 offen"])
def test_a_text_that_a_comment_cuts_off_is_told(tmp_path: Path, text: str) -> None:
    content = f"entries:\n  - id: good\n    phrasings:\n      de:\n        - Wo?\n        - {text}\n"
    (fault,) = warnings(tmp_path, content)
    assert str(fault).startswith(f"{tmp_path}/faq.yaml:6: warning: entry good: the text is cut off before `#")
    assert "Put the whole text in quotes" in fault.remedy


@pytest.mark.parametrize(
    "text", ['"Raum #5"', "'Raum #5'", "Raum#5", "C#", "Wo? # neu", '"Wo?" #neu', "Wo? ## neu", "|-\n          Raum #5"]
)
def test_what_is_quoted_or_looks_like_a_comment_is_not(tmp_path: Path, text: str) -> None:
    assert warnings(tmp_path, f"entries:\n  - id: good\n    phrasings:\n      de:\n        - {text}\n") == ()


def test_nor_is_a_comment_after_what_is_no_prose(tmp_path: Path) -> None:
    assert warnings(tmp_path, GOOD + "    review_by: 2027-05-01 #checked\n    related: [] #none\n") == ()


@pytest.mark.parametrize("name", ["foo.yaml.txt", "FAQ.YAML ", "faq.yml.docx", "faq.yaml (1)"])
def test_a_file_that_is_not_read_for_its_name_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GOOD)
    (fault,) = warnings(tmp_path)
    assert (fault.place.file, fault.message) == (str(tmp_path / name), "this file is not read")


@pytest.mark.parametrize("name", ["faq.yml.bak", "notes.txt", "faq.yaml~", ".faq.yaml.txt", "faq.yaml.orig"])
def test_backups_and_other_files_are_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GOOD)
    assert warnings(tmp_path) == ()


def test_a_folder_in_the_folder_that_holds_a_faq_is_told(tmp_path: Path) -> None:
    for name in ("more", "pictures", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "more" / "faq.yml").write_text(GOOD)
    (tmp_path / "pictures" / "a.png").write_text("")
    (tmp_path / ".git" / "a.yaml").write_text(GOOD)
    (fault,) = warnings(tmp_path)
    assert (fault.place.file, fault.message) == (str(tmp_path / "more"), "this folder is not read")


def test_an_entry_that_may_stand_in_a_file_that_cannot_be_read_is_not_called_missing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("entries: [{id: a, phrasings: {de: [x]}, related: [b]}]\n")
    (tmp_path / "b.yaml").write_text("entries:\n\t- {id: b}\n")
    assert [Path(fault.place.file).name for fault in examine(tmp_path)[1]] == ["b.yaml"]
    (tmp_path / "b.yaml").unlink()
    assert "the entry `b` does not exist" in str(examine(tmp_path)[1])


def test_a_file_is_read_however_its_ending_is_written_and_each_entry_has_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "A.YAML").write_text("entries:\n  - {id: a, phrasings: {de: [x]}}\n  - {id: b, phrasings: {de: [y]}}\n")
    (tmp_path / "c.yml").write_text("# mine\nentries:\n  - {id: c, phrasings: {de: [z]}}\n")
    knowledge, faults = examine(tmp_path)
    assert faults == ()
    places = [knowledge.place("entries", number) for number in range(3)]
    assert [(entry.id, Path(at.file).name, at.line) for entry, at in zip(knowledge.entries, places, strict=True)] == [
        ("a", "A.YAML", 2),
        ("b", "A.YAML", 3),
        ("c", "c.yml", 3),
    ]
