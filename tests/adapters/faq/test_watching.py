"""Changes of the FAQ's folder are noticed, wherever they come from, and so are requests to look."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.faq.watching import changes

SOON = 20
"""Seconds in which a change is noticed, on a machine that is busy."""


class Watched:
    """A folder that is watched."""

    def __init__(self, folder: Path, look: float = 0.2) -> None:
        self.folder = folder
        self.asked = asyncio.Event()
        self._changes = changes(folder, self.asked, look)

    async def notice(self) -> bool:
        """The next change."""
        async with asyncio.timeout(SOON):
            return await anext(self._changes)

    async def notices(self, path: Path, content: str) -> None:
        """Wait for changes until the file holds this."""
        while path.read_text() != content:
            await self.notice()

    async def close(self) -> None:
        await self._changes.aclose()


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    folder = tmp_path / "faq"
    folder.mkdir()
    watched = Watched(folder)
    yield watched
    await watched.close()


async def test_a_saved_file_is_noticed(watched: Watched) -> None:
    waiting = asyncio.create_task(watched.notice())
    await asyncio.sleep(0)
    (watched.folder / "a.yaml").write_text("x")
    assert await waiting is False


async def test_a_file_that_an_editor_puts_in_the_place_of_another_is_noticed(watched: Watched) -> None:
    (watched.folder / "a.yaml").write_text("x")
    (watched.folder / ".a.yaml.swp").write_text("y")
    os.replace(watched.folder / ".a.yaml.swp", watched.folder / "a.yaml")
    await watched.notice()


async def test_a_request_to_look_is_told_as_one(watched: Watched) -> None:
    watched.asked.set()
    while not await watched.notice():
        pass
    assert not watched.asked.is_set()


async def test_a_folder_that_is_removed_and_comes_back_is_watched_again(watched: Watched) -> None:
    watched.folder.rename(watched.folder.with_name("away"))
    await watched.notice()
    watched.folder.mkdir()
    await watched.notice()
    (watched.folder / "a.yaml").write_text("x")
    await watched.notice()


async def test_another_folder_in_its_place_is_watched_at_once_and_not_only_looked_at(tmp_path: Path) -> None:
    folder, new = tmp_path / "faq", tmp_path / "new"
    for each in (folder, new):
        each.mkdir()
    watched = Watched(folder, look=10 * SOON)
    await noticed_by_writing(watched)
    folder.rename(tmp_path / "away")
    new.rename(folder)
    await watched.notice()
    await noticed_by_writing(watched)
    await watched.close()


async def test_what_changes_while_another_change_is_dealt_with_is_told_next(tmp_path: Path) -> None:
    watched = Watched(tmp_path, look=10 * SOON)
    await noticed_by_writing(watched)
    (tmp_path / "a.yaml").write_text("y")
    await asyncio.sleep(0.5)  # for so long the change before is dealt with
    assert await watched.notice() is False
    await watched.close()


async def noticed_by_writing(watched: Watched) -> None:
    """Write until it is noticed, as it takes a moment until a folder is watched."""
    noticed = asyncio.create_task(watched.notice())
    while not (await asyncio.wait({noticed}, timeout=0.4))[0]:
        (watched.folder / "a.yaml").write_text("x")
    assert await noticed is False
