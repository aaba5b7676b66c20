"""The FAQ's folder: YAML files -> KnowledgeBase, with every fault of every file at once.

All `*.yaml` and `*.yml` files of the folder are read; `entries`, `synonyms`, `not_covered`, `examples` and `phrases`
may stand in any of them.
Phrases that a folder does not have are taken from the FAQ that ships with the bot.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from bot.adapters.faq.sentences import read_phrases
from bot.core.faq import Entry, Example, KnowledgeBase, NotCovered, Synonym
from bot.core.fault import Fault, KeyPath, Place
from bot.core.wording import Model
from bot.validation import validation_faults
from bot.yamlfile import Document, Refused, read, read_text

_READ = (".yaml", ".yml")
_MISNAMED = re.compile(r"\.ya?ml(\.(txt|rtf|docx?|odt)|\s.*)$", re.IGNORECASE)
"""What editors and mail programs add to a file's name."""
_NO_PROSE = frozenset(
    ("id", "related", "expect", "url", "review_by", "as_of", "offers_human", "weight", "language", "kind")
)
"""Keys whose values never hold a `#` after a space: what follows there is a comment."""
_LISTS = ("entries", "synonyms", "not_covered", "examples")


class File(Model):
    """A file of Auskunft's FAQ. All files of the folder count together, so each block may stand in any of them."""

    entries: tuple[Entry, ...] = ()
    """What the FAQ answers."""
    synonyms: tuple[Synonym, ...] = ()
    """What people write instead of words that the FAQ uses."""
    not_covered: tuple[NotCovered, ...] = ()
    """What people ask about and the FAQ says nothing about."""
    examples: tuple[Example, ...] = ()
    """Messages as people type them, with the right entries: the bot learns from them how sure it may be."""
    phrases: Mapping[str, Mapping[str, Any]] = {}
    """What the bot says and understands by itself; what is left out is as in the FAQ that ships with the bot."""


def shipped() -> Path:
    """The folder of the FAQ that ships with the bot: in the installed package, or beside it in a checkout."""
    package = Path(str(files("bot")))
    inside = package / "knowledge"
    return inside if inside.is_dir() else package.parent / "knowledge"


def load(folder: Path | None = None, instead: Mapping[str, bytes] = MappingProxyType({})) -> KnowledgeBase:
    """The FAQ in `folder`; the shipped one without. `instead`: see `examine`.

    Raises:
        Refused: the folder or a file of it cannot be used; all errors are named.
    """
    knowledge, faults = examine(folder, instead)
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors:
        raise Refused(errors)
    return knowledge


def examine(
    folder: Path | None = None, instead: Mapping[str, bytes] = MappingProxyType({})
) -> tuple[KnowledgeBase, tuple[Fault, ...]]:
    """What can be read of the FAQ in `folder`, and why the rest cannot. Only without an error is the FAQ whole.

    Warnings tell what was read and may be meant otherwise, and what was not read and may be meant to be.

    `instead` holds, by file name, what is read in the place of a file as it stands in the folder.

    Raises:
        Refused: this is no folder, or it cannot be read.
    """
    folder = folder or shipped()
    documents, faults = _documents(folder, instead)
    complete = not faults
    parsed: list[tuple[Document, File]] = []
    for document in documents:
        try:
            parsed.append((document, File.model_validate(document.data or {})))
        except ValidationError as error:
            found = validation_faults(error, document, File)
            faults.extend(_with_entry(path, fault, document) for path, fault in found)
    faults.extend(_reference_faults(documents, complete))
    told = ((document, file.phrases) for document, file in parsed)
    phrases, phrase_faults = read_phrases(shipped() / "phrases.yaml", told)
    faults.extend(phrase_faults)
    if not faults and not any(file.entries for _, file in parsed):
        faults.append(Fault(Place(str(folder)), "there are no entries", "Write `entries:` into a *.yaml file in it."))
    faults.extend(_cut(documents))
    faults.extend(_unread(folder))
    knowledge = KnowledgeBase(
        entries=tuple(entry for _, file in parsed for entry in file.entries),
        synonyms=tuple(synonym for _, file in parsed for synonym in file.synonyms),
        not_covered=tuple(each for _, file in parsed for each in file.not_covered),
        examples=tuple(example for _, file in parsed for example in file.examples),
        phrases=phrases,
        places=dict(_places(parsed)),
    )
    return knowledge, tuple(sorted(faults))


def _places(parsed: list[tuple[Document, File]]) -> Iterator[tuple[KeyPath, Place]]:
    """Where each value of the files stands, by its path in all of them together."""
    before: Counter[str] = Counter()
    for document, file in parsed:
        for path, line in document.lines.items():
            match path:
                case (str(block), int(number), *rest):
                    yield (block, before[block] + number, *rest), Place(document.file, line)
                case (_, _, *_):
                    yield path, Place(document.file, line)
        before.update({block: len(getattr(file, block)) for block in _LISTS})


def files_of(folder: Path) -> list[Path]:
    """The files of the FAQ, in their order; hidden ones (editors' locks and backups) are no part of it.

    Raises:
        OSError: there is no such folder, or it cannot be read.
    """
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _READ and not path.name.startswith("."))


def _documents(folder: Path, instead: Mapping[str, bytes]) -> tuple[list[Document], list[Fault]]:
    """What stands in the files of the folder."""
    if not folder.is_dir():
        raise Refused([Fault(Place(str(folder)), "this is no folder", "Name the folder that holds the FAQ's files.")])
    try:
        paths = files_of(folder)
    except OSError as error:
        message = f"the folder cannot be read ({error.strerror})"
        raise Refused([Fault(Place(str(folder)), message, "Let the bot's user read it.")]) from None
    documents: list[Document] = []
    faults: list[Fault] = []
    for path in paths:
        try:
            documents.append(_document(path, instead.get(path.name)))
        except Refused as refused:
            faults.extend(refused.faults)
    return documents, faults


def _document(path: Path, instead: bytes | None) -> Document:
    """What stands in a file. One that was emptied was meant to hold something."""
    if path.exists() and not path.is_file():
        raise Refused([Fault(Place(str(path)), "this is no ordinary file", "Move it out of the FAQ's folder.")])
    if not read_text(path, instead).strip():
        raise Refused([Fault(Place(str(path)), "the file is empty", "Restore what it held, or remove the file.")])
    return read(path, instead)


def _cut(documents: list[Document]) -> Iterator[Fault]:
    """Texts without quotes that end at a ` #`: YAML takes the rest of the row for a comment."""
    for document in documents:
        for path, rest in document.cut.items():
            if _NO_PROSE & set(path):
                continue
            message = f"the text is cut off before `{rest}`"
            remedy = "Put the whole text in quotes; where a comment is meant, put a space after the `#`."
            yield _with_entry(path, Fault(document.place(path), message, remedy, severity="warning"), document)


def _unread(folder: Path) -> Iterator[Fault]:
    """What looks like a part of the FAQ and is not read, by its name or as it stands in a folder of its own."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and _holds_faq(path):
            yield Fault(Place(str(path)), "this folder is not read", "Move its files one up.", severity="warning")
        elif _MISNAMED.search(path.name) and path.is_file():
            remedy = "Let its name end in .yaml, without anything after it."
            yield Fault(Place(str(path)), "this file is not read", remedy, severity="warning")


def _holds_faq(folder: Path) -> bool:
    with suppress(OSError):
        return any(path.suffix.lower() in _READ for path in folder.iterdir())
    return False


def _with_entry(path: KeyPath, fault: Fault, document: Document) -> Fault:
    """The fault with the id of the entry in which it stands."""
    ids: dict[str | int, str] = {index: entry["id"] for _, index, entry in _raw_entries([document])}
    return replace(fault, entry=ids.get(path[1])) if path[:1] == ("entries",) and len(path) > 1 else fault


def _raw_entries(documents: list[Document]) -> Iterator[tuple[Document, int, dict[str, Any]]]:
    """The entries as they were written, whether or not they are valid: so that all faults are told at once."""
    for document in documents:
        entries = document.data.get("entries") if isinstance(document.data, dict) else None
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                yield document, index, entry


def _reference_faults(documents: list[Document], complete: bool) -> Iterator[Fault]:
    """Ids that stand twice, entries without a phrasing, and ids that are named but are nowhere.

    The latter are told only where the folder was read completely: they may stand in a file that could not be read.
    """
    first: dict[str, Place] = {}
    for document, index, entry in _raw_entries(documents):
        place = document.place(("entries", index, "id"))
        if entry["id"] in first:
            message = f"the id stands here a second time (first: {first[entry['id']]})"
            yield Fault(place, message, "Choose another id.", entry["id"])
        first.setdefault(entry["id"], place)
    for document, index, entry in _raw_entries(documents):
        phrasings = entry.get("phrasings")
        if isinstance(phrasings, dict) and not any(phrasings.values()):
            place = document.place(("entries", index, "phrasings"))
            yield Fault(place, "there are no phrasings", "Add sample questions: `phrasings: {de: [...]}`.", entry["id"])
    for document, path, other in _references(documents) if complete else ():
        if other not in first:
            entry_id = None if path[0] != "entries" else document.data["entries"][path[1]].get("id")
            message = f"the entry `{other}` does not exist"
            yield Fault(document.place(path), message, "Correct the id, or remove it.", entry_id)


def _references(documents: list[Document]) -> Iterator[tuple[Document, KeyPath, str]]:
    """Where the files name entries: as related ones, and as what answers an example."""
    for document in documents:
        for block, key in (("entries", "related"), ("not_covered", "related"), ("examples", "expect")):
            items = document.data.get(block) if isinstance(document.data, dict) else None
            for index, item in enumerate(items if isinstance(items, list) else []):
                ids = item.get(key) if isinstance(item, dict) else None
                for number, other in enumerate(ids if isinstance(ids, list) else []):
                    if isinstance(other, str):
                        yield document, (block, index, key, number), other
