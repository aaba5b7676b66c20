"""Examples in a file of their own, and what was kept of an evaluation.

Examples are messages with the entries that would be right. In YAML they stand under `examples:`, as in the FAQ; in a
file that ends in .jsonl, each line is one as a JSON object.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.core.evaluation import Verdict
from bot.core.faq import Example, KnowledgeBase
from bot.core.fault import Fault, KeyPath, Place
from bot.core.wording import Model
from bot.validation import validation_faults
from bot.yamlfile import Document, Refused, read, read_text

_KEYS = (
    "An example has a `text` and `expect` (the ids of the entries that answer it; [] where none does), and may have "
    "`language` and `kind`."
)


class _File(Model):
    """What a file of examples holds."""

    examples: tuple[Example, ...]


def read_examples(path: Path, knowledge: KnowledgeBase) -> tuple[tuple[Example, ...], tuple[Place, ...]]:
    """The examples in the file at `path`, and where each of them stands. They may expect entries of `knowledge`.

    Raises:
        Refused: the file cannot be used; all faults are named.
    """
    document = _lines(path) if path.suffix.lower() == ".jsonl" else read(path)
    try:
        examples = _File.model_validate(document.data or {}).examples
    except ValidationError as error:
        found = (fault for _, fault in validation_faults(error, document, _File))
        raise Refused([replace(fault, remedy=f"{fault.remedy} {_KEYS}") for fault in found]) from None
    faults = list(_unknown(examples, knowledge, document))
    if not examples:
        faults.append(Fault(document.place(("examples",)), "there are no examples", _KEYS))
    if faults:
        raise Refused(faults)
    return examples, tuple(document.place(("examples", number)) for number in range(len(examples)))


def _lines(path: Path) -> Document:
    """The objects of a file with one a line, as a document that lists them."""
    examples: list[Any] = []
    lines: dict[KeyPath, int] = {}
    faults: list[Fault] = []
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.strip():
            continue
        lines["examples", len(examples)] = line
        try:
            examples.append(json.loads(text))
        except (ValueError, RecursionError) as error:
            faults.append(Fault(Place(str(path), line), f"this is no JSON object ({error})", _KEYS))
    if faults:
        raise Refused(faults)
    return Document(str(path), {"examples": examples}, lines)


def _unknown(examples: tuple[Example, ...], knowledge: KnowledgeBase, document: Document) -> Iterator[Fault]:
    for number, example in enumerate(examples):
        for index, entry in enumerate(example.expect):
            if not knowledge.find(entry):
                place = document.place(("examples", number, "expect", index))
                yield Fault(place, f"the entry `{entry}` does not exist", "Correct the id, or remove it.")


class _Kept(BaseModel):
    text: str
    verdict: Verdict


class _Baseline(BaseModel):
    """What is read of an evaluation that was kept."""

    examples: tuple[_Kept, ...]


def read_verdicts(path: Path) -> dict[str, Verdict]:
    """What each example was judged, by its text, in an evaluation that was written to the file at `path` as JSON.

    Raises:
        Refused: the file cannot be used.
    """
    text = read_text(path)
    try:
        return {each.text: each.verdict for each in _Baseline.model_validate_json(text).examples}
    except ValidationError:
        remedy = "Make one with `auskunft evaluate --save FILE`, or with --json."
        raise Refused([Fault(Place(str(path)), "this is no evaluation that was kept", remedy)]) from None
