"""Where a FAQ leads to on the web, so that each address can be asked once and told wherever it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, KeyPath, Place
from bot.core.lint.answers import links, texts

Finding = Literal["dead", "unreachable", "moved"]
"""Its server says that it is gone; no server answers; it has another address now."""


@dataclass(frozen=True)
class Answered:
    """What came of asking an address, where it is not in order."""

    finding: Finding
    said: str
    """What the server or the network said; of one that has moved for good, its new address."""


def addresses(knowledge: KnowledgeBase) -> Mapping[str, tuple[tuple[Place, str | None], ...]]:
    """Each web address of the FAQ, with the places and entries that lead there. Mail addresses are none."""
    found: dict[str, dict[tuple[Place, str | None], None]] = {}
    for path, entry, url in _links(knowledge):
        if url.startswith(("https://", "http://")):
            found.setdefault(url, {})[knowledge.place(*path), entry] = None
    return {url: tuple(places) for url, places in found.items()}


def link_faults(knowledge: KnowledgeBase, answered: Mapping[str, Answered]) -> tuple[Fault, ...]:
    """What the addresses that are not in order mean for the FAQ, at each place where they stand."""
    places = addresses(knowledge)
    if len(answered) > 1 and answered.keys() == places.keys() and _is_silent(answered):
        message, remedy = (
            "not one server of all the links answers",
            "Is this machine online, and which proxy does it need?",
        )
        return (Fault(Place(knowledge.place("entries", 0).file), message, remedy),)
    return tuple(
        sorted(_fault(url, answer, place, entry) for url, answer in answered.items() for place, entry in places[url])
    )


def _is_silent(answered: Mapping[str, Answered]) -> bool:
    return all(answer.finding == "unreachable" for answer in answered.values())


def _fault(url: str, answer: Answered, place: Place, entry: str | None) -> Fault:
    if answer.finding == "moved":
        return Fault(place, f"{url} has moved for good", f"Write {answer.said} instead.", entry, "warning")
    return Fault(place, f"{url} leads nowhere: {answer.said}", "Correct the address, or remove the link.", entry)


def _links(knowledge: KnowledgeBase) -> Iterator[tuple[KeyPath, str | None, str]]:
    for number, entry in enumerate(knowledge.entries):
        for each, link in enumerate(entry.links):
            yield ("entries", number, "links", each, "url"), entry.id, link.url
        if entry.source:
            yield ("entries", number, "source", "url"), entry.id, entry.source.url
    for path, owner, text in texts(knowledge):
        for url in links(text):
            yield path, owner, url
