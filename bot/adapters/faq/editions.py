"""Opens an edition of the FAQ: loaded, checked and tested, by what a desk and its keepers need of the configuration."""

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from bot.adapters.faq.knowledge import load
from bot.core.commands import Commands
from bot.core.desk import Desk
from bot.core.edition import Edition
from bot.core.evaluation import evaluate
from bot.core.keeping import Keeping
from bot.core.lint import lint
from bot.core.model import Language
from bot.core.situation import Manners, Thresholds
from bot.core.voice import Voice


def open_edition(
    folder: Path | None,
    instead: Mapping[str, bytes],
    *,
    contact: str,
    language: Language = "de",
    thresholds: Thresholds = Thresholds(),
    manners: Manners = Manners(),
) -> Edition:
    """The edition in `folder`. For the arguments, see `load` and `Desk`.

    Raises:
        Refused: the FAQ cannot be used.
    """
    knowledge = load(folder, instead)
    with ProcessPoolExecutor(1, get_context("fork")) as beside:  # a second core, where there is one
        faults = beside.submit(lint, knowledge, today=date.today())
        desk = Desk(knowledge.model_copy(update={"places": {}}), contact, language, thresholds, manners)
    places = [knowledge.place("examples", number) for number in range(len(knowledge.examples))]
    phrases = knowledge.phrases
    return Edition(
        desk=desk,
        faults=faults.result(),
        evaluation=evaluate(desk, knowledge.examples, places),
        commands=Commands(phrases.understands),
        keeping=Keeping(phrases.says, Voice(contact), language),
        files={each.id: Path(knowledge.place("entries", n).file).name for n, each in enumerate(knowledge.entries)},
    )
