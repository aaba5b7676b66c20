"""FAQs as the tests of the linter need them: in order but for what a test changes, with a line for every value."""

from functools import lru_cache
from typing import Any

from bot.adapters.faq.knowledge import load
from bot.core.faq import Entry, KnowledgeBase, NotCovered, Synonym
from bot.core.fault import KeyPath, Place
from bot.core.phrases import Phrases

INTRODUCING = ("greeting", "help", "empty", "welcome", "welcome_room")


def entry(entry_id: str = "a", **changes: Any) -> dict[str, Any]:
    """An entry to which nothing is to be said."""
    name = {"a": "Drucker", "b": "Urlaub", "c": "Mensa"}.get(entry_id, entry_id)
    return {
        "id": entry_id,
        "question": {"de": f"Was ist mit {name} los?", "en": f"What about {name}?"},
        "phrasings": {
            "de": [f"{name} eins", f"{name} zwei", f"{name} drei"],
            "en": [f"{name} one", f"{name} two", f"{name} three"],
        },
        "answer": {"de": "Ja.", "en": "Yes."},
        "source": {"title": "Page", "url": "https://example.org", "as_of": "2026-01-01"},
        "review_by": "2027-01-01",
        **changes,
    }


def german(entry_id: str = "a", **changes: Any) -> dict[str, Any]:
    """An entry in German only, to which nothing is to be said."""
    whole = entry(entry_id)
    alone = {key: {"de": whole[key]["de"]} for key in ("question", "phrasings", "answer")}
    return {**whole, **alone, **changes}


def faq(*entries: dict[str, Any], says: dict[str, Any] | None = None, **blocks: list[Any]) -> KnowledgeBase:
    """A FAQ of these entries, whose folder has the bot's introductions, and the sentences `says`, as its own."""
    shipped = _shipped()
    sentences = {**{name: getattr(shipped.says, name).model_dump() for name in INTRODUCING}, **(says or {})}
    phrases = Phrases.model_validate(
        {"says": {**shipped.says.model_dump(), **sentences}, "understands": shipped.understands}
    )
    written = {"entries": list(entries) or [entry()], **blocks, "phrases": {"says": sentences}}
    places = {path: Place("faq.yaml", line) for line, path in enumerate(_paths(written, ()), 1)}
    return KnowledgeBase(
        entries=tuple(map(Entry.model_validate, written["entries"])),
        synonyms=tuple(map(Synonym.model_validate, blocks.get("synonyms", ()))),
        not_covered=tuple(map(NotCovered.model_validate, blocks.get("not_covered", ()))),
        examples=blocks.get("examples", ()),
        phrases=phrases,
        places=places,
    )


@lru_cache(maxsize=1)
def _shipped() -> Phrases:
    return load().phrases


def _paths(value: Any, path: KeyPath) -> list[KeyPath]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, child in children for each in _paths(child, (*path, key)))]
