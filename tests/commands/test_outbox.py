import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.clock import SystemClock
from bot.adapters.sqlite.database import open_database
from bot.adapters.sqlite.outbox import SqliteOutbox
from bot.adapters.sqlite.store import SqliteStore
from bot.commands import app
from bot.core.conversation import Conversation
from bot.keys import open_key
from tests.adapters.test_outbox import posted


def outbox(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["outbox", *arguments], env={"COLUMNS": "120"})
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(f"matrix: {{user: '@bot:uni.test', password: x}}\ndata: {tmp_path / 'data'}\n")
    return str(path)


async def post(folder: Path, *references: str) -> None:
    """What a bot leaves: of the letters, the last one has failed."""
    async with open_database(folder / "auskunft.sqlite3", open_key(folder), SystemClock()) as database:
        for reference in references:
            letter = replace(posted(reference, f"${reference}"), posted_at=SystemClock().now())
            await SqliteStore(database).post(letter, Conversation())
        for reference in references[-1:]:
            await SqliteOutbox(database).failed(reference, "550 no such mailbox [closed]")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    asyncio.run(post(tmp_path / "data", "lusab-babad", "gutih-tugad"))
    return tmp_path / "data"


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("arguments", [("-c", "{}"), ("list", "--config", "{}"), ("-c", "{}", "list")])
def test_the_list_tells_how_letters_stand_and_nothing_of_what_is_in_them(
    config: str, arguments: tuple[str, ...]
) -> None:
    shown = outbox(*(each.format(config) for each in arguments))
    waiting, failed = (line for line in shown.splitlines() if "-" in line)
    assert "lusab-babad" in waiting
    assert "waiting" in waiting
    assert all(part in failed for part in ("gutih-tugad", "failed", "1", "550 no such mailbox [closed]"))
    assert not any(secret in shown for secret in ("Geheimnis", "Beamer", "ada", "support@"))


def test_an_empty_outbox_is_told(tmp_path: Path, config: str) -> None:
    asyncio.run(post(tmp_path / "data"))
    assert outbox("list", "-c", config).startswith("The outbox is empty")


def test_a_letter_can_be_tried_again_or_dropped(data: Path, config: str) -> None:
    assert "gutih-tugad" in outbox("retry", "gutih-tugad", "--config", config)
    assert "lusab-babad" in outbox("drop", "lusab-babad", "--config", config)
    shown = outbox("list", "-c", config)
    assert "lusab-babad" not in shown
    assert "waiting" in shown


async def test_a_letter_can_be_tried_again_or_dropped_while_the_bot_has_the_store_open(
    tmp_path: Path, config: str
) -> None:
    folder = tmp_path / "data"
    await post(folder, "lusab-babad", "gutih-tugad")
    async with open_database(folder / "auskunft.sqlite3", open_key(folder), SystemClock()) as database:
        bot = SqliteOutbox(database)
        await asyncio.to_thread(outbox, "drop", "lusab-babad", "-c", config)
        assert await bot.due() == []
        async with database.transaction() as execute:  # what the bot writes meanwhile is waited for
            await execute("INSERT INTO facts VALUES ('token', 's')", ())
            retrying = asyncio.create_task(asyncio.to_thread(outbox, "retry", "gutih-tugad", "-c", config))
            await asyncio.sleep(0.5)
        await retrying
        assert [each.letter.reference for each in await bot.due()] == ["gutih-tugad"]


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("command", ["retry", "drop"])
def test_a_letter_that_is_not_there_is_told_in_one_line_with_exit_code_2(config: str, command: str) -> None:
    told = outbox(command, "babab-babab", "-c", config, code=2)
    assert told.startswith("auskunft: there is no letter babab-babab that could be ")
    assert told.count("\n") == 1


async def test_what_was_accepted_is_neither_tried_again_nor_dropped(tmp_path: Path, config: str) -> None:
    folder = tmp_path / "data"
    await post(folder, "lusab-babad")
    async with open_database(folder / "auskunft.sqlite3", open_key(folder), SystemClock()) as database:
        await SqliteOutbox(database).accepted("lusab-babad")
    for command in ("retry", "drop"):
        await asyncio.to_thread(outbox, command, "lusab-babad", "-c", config, code=2)


def test_times_are_the_admin_s_own(data: Path, config: str) -> None:
    assert f"{datetime.now(UTC).astimezone():%Y-%m-%d}" in outbox("-c", config)


def test_where_no_bot_has_run_nothing_is_made(tmp_path: Path, config: str) -> None:
    assert "start the bot once with `auskunft run`" in outbox("list", "-c", config, code=2)
    assert not (tmp_path / "data").exists()


def test_a_configuration_that_is_missing_is_told(tmp_path: Path) -> None:
    assert "nowhere.yaml" in outbox("list", "-c", str(tmp_path / "nowhere.yaml"), code=2)
