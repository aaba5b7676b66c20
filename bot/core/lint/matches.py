"""How the phrasings match, as the desk's review tells: what leads elsewhere, is nearly said twice, or stands alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, Place
from bot.core.lint.wordings import wordings
from bot.core.model import Match, Reviewed
from bot.core.situation import Thresholds
from bot.core.text import words

_TWINS = 0.85
"""The similarity from which two phrasings are as good as one. In the FAQ that ships, different questions reach 0.80
("DFNconf?", "DFNconf App"), and what is said again with "bitte" or in another order nearly always over 0.87."""
_ENOUGH = 3
"""The phrasings from which on an entry should be known by the others when one is left out."""


def faults(knowledge: KnowledgeBase, reviews: Iterable[Reviewed], thresholds: Thresholds) -> Iterator[Fault]:
    """What the reviews of a FAQ's phrasings tell its keepers."""
    reviews = tuple(reviews)
    if not reviews:
        return
    places = {(each.entry, each.text): knowledge.place(*each.path) for each in reversed(list(wordings(knowledge)))}
    for review in reviews:
        if not _is_shared(review):  # that is told already
            yield from _astray(review, _place(review, places), thresholds)
    yield from _twins(reviews, places)
    yield from _strangers(knowledge, reviews, thresholds)


def _place(review: Reviewed, places: Mapping[tuple[str, str], Place]) -> Place:
    return places.get((review.entry, review.text), Place("?"))


def _is_shared(review: Reviewed) -> bool:
    return review.twin is not None and words(review.twin.text) == words(review.text)


def _astray(review: Reviewed, place: Place, thresholds: Thresholds) -> Iterator[Fault]:
    """A phrasing whose words lead elsewhere: whoever asks nearly the same gets another answer, or has to choose."""
    own = next((match.confidence for match in review.matches if match.entry == review.entry), 0.0)
    others = [match for match in review.matches if match.entry != review.entry]
    other = max(others, key=lambda match: match.confidence, default=Match("", 0.0))
    if other.confidence < thresholds.answer or own > other.confidence + thresholds.ambiguity:
        return
    leads = "leads to" if other.confidence > own + thresholds.ambiguity else "leads as well to"
    message = (
        f'what is asked like "{review.text}" {leads} `{other.entry}` ({other.confidence:.2f}; this entry: {own:.2f})'
    )
    remedy = "Name in it what only this entry is about, or move it there."
    yield Fault(place, message, remedy, review.entry, "warning")


def _twins(reviews: Iterable[Reviewed], places: Mapping[tuple[str, str], Place]) -> Iterator[Fault]:
    """Phrasings that another entry has nearly word for word, each pair once."""
    told: set[frozenset[tuple[str, str]]] = set()
    for review in reviews:
        twin = review.twin
        if twin is None or twin.similarity < _TWINS or _is_shared(review):
            continue
        pair = frozenset(((review.entry, review.text), (twin.entry, twin.text)))
        if pair not in told:
            message = f'the phrasing "{review.text}" is nearly "{twin.text}" of `{twin.entry}`'
            remedy = "Keep one of the two, or let each say what it is about."
            yield Fault(_place(review, places), message, remedy, review.entry, "warning")
        told.add(pair)


def _strangers(knowledge: KnowledgeBase, reviews: Iterable[Reviewed], thresholds: Thresholds) -> Iterator[Fault]:
    """Entries whose phrasings have nothing in common: without it, none would lead to the entry."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for review in reviews:
        if best := review.without:
            found[review.entry].append(best.entry == review.entry and best.confidence >= thresholds.clarify)
    for number, entry in enumerate(knowledge.entries):
        if len(found[entry.id]) >= _ENOUGH and not any(found[entry.id]):
            message = "the phrasings have nothing in common: whoever asks in other words will not find this entry"
            remedy = "Write more of them, and use the words for what the entry is about in several."
            place = knowledge.place("entries", number, "phrasings")
            yield Fault(place, message, remedy, entry.id, "warning")
