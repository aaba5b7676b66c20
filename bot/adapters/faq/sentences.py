"""What the bot says and understands by itself: the phrases that ship, with what a folder says otherwise."""

import string
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.core.fault import Fault
from bot.core.phrases import Phrases, Says
from bot.validation import validation_faults
from bot.yamlfile import Document, read

Changed = Mapping[str, Mapping[str, Any]]
"""What a file says otherwise, by part (`says`, `understands`) and name."""


def read_phrases(original: Path, told: Iterable[tuple[Document, Changed]]) -> tuple[Phrases, list[Fault]]:
    """The phrases in the file `original`, with what a folder's files say otherwise, and what is wrong with that."""
    phrases = Phrases.model_validate(read(original).data["phrases"])
    faults: list[Fault] = []
    for document, otherwise in told:
        if not otherwise:
            continue
        merged = {part: {**getattr(phrases, part).model_dump()} for part in Phrases.model_fields}
        for part, changed in otherwise.items():
            merged[part] = {**merged.get(part, {}), **changed}
        shifted = Document(document.file, merged, {path[1:]: line for path, line in document.lines.items() if path})
        try:
            phrases = Phrases.model_validate(merged)
        except ValidationError as error:
            faults.extend(fault for _, fault in validation_faults(error, shifted, Phrases))
        else:
            faults.extend(_placeholder_faults(phrases.says, shifted))
    return phrases, faults


def _placeholder_faults(says: Says, document: Document) -> Iterator[Fault]:
    """Sentences that could not be filled in when they are said."""
    for name in Says.model_fields:
        known = says.placeholders(name)
        for language, told in getattr(says, name):
            fields = {field for text in _texts(told) for field in _placeholders(text)}
            if not fields <= known:
                told = ", ".join(sorted(fields - known))
                remedy = f"Use only {', '.join(sorted(known))}, and {{{{ for a brace that is meant."
                place = document.place(("says", name, language))
                yield Fault(place, f"nothing is filled in for {told} in `{name}`", remedy)


def _texts(told: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The ways to say something, of which there may be one, several or none."""
    return (told,) if isinstance(told, str) else told or ()


def _placeholders(text: str) -> set[str]:
    """What stands in braces, braces included; whatever is more than a name never equals a known one."""
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError:
        return {"a single brace"}
    return {
        f"{{{field}{'!' + conversion if conversion else ''}{':' + form if form else ''}}}"
        for _, field, form, conversion in parsed
        if field is not None
    }
