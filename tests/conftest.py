"""What all tests share: the shipped FAQ, and the rule that in CI a skipped test is a failure."""

import os
from datetime import UTC, datetime

import pytest

from bot.adapters.faq.knowledge import load
from bot.core.desk import Desk
from bot.core.faq import Example, KnowledgeBase
from bot.core.model import Addressed, Message

CONTACT = "multimedia@tu-braunschweig.de"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeBase:
    return load()


@pytest.fixture(scope="session")
def desk(knowledge: KnowledgeBase) -> Desk:
    return Desk(knowledge, CONTACT)


def set_apart(knowledge: KnowledgeBase) -> tuple[KnowledgeBase, tuple[Example, ...]]:
    """The FAQ as it is without the development set, and that set: the examples that have a kind."""
    development = tuple(example for example in knowledge.examples if example.kind)
    own = tuple(example for example in knowledge.examples if not example.kind)
    return knowledge.model_copy(update={"examples": own}), development


def message(text: str | None, event_id: str = "$1", **fields: object) -> Message:
    """A message in a direct chat."""
    values = {"addressed": Addressed.DIRECT, "room_id": "!room:uni.test", "sender": "@ada:uni.test", **fields}
    return Message(event_id, text=text, sent_at=NOW, **values)  # type: ignore[arg-type]


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("In CI a skipped test is a failure.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
