"""How soon a saved FAQ is live, whether answers wait meanwhile, and how long a large FAQ takes to check.

Writes docs/keeping-benchmark.md: `make bench-keeping`, about four minutes. The reload is the bot's own: the folder is
watched, the edition is made in a process of its own, and the desk adopts it, while questions go on being considered in
the same event loop.
"""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.matching import synthetic
from bot.adapters.apart import Workshop
from bot.adapters.clock import SystemClock
from bot.adapters.faq.editions import open_edition
from bot.adapters.faq.folder import FaqFolder
from bot.adapters.faq.inspection import inspect
from bot.adapters.faq.knowledge import shipped
from bot.adapters.faq.watching import changes
from bot.assembly import MAKERS, give_back
from bot.core.conversation import Conversation
from bot.core.model import Message
from bot.keeper import Keeper, open_keeper

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "keeping-benchmark.md"
SAVES = 10
PAUSE = 1.0
"""Seconds between two saves, in which answers are timed as well: to compare with."""
BETWEEN = 0.02
"""Seconds from one question to the next."""
LARGE = 5_000
"""Entries of the FAQ that is checked, with five phrasings each."""
QUESTION = "Darf ich mit meinen Studierenden eine WhatsApp-Gruppe machen?"


@dataclass
class Delays:
    """From when each question was due until it had its answer, in milliseconds."""

    quiet: list[float] = field(default_factory=list)
    reloading: list[float] = field(default_factory=list)


async def asked(keeper: Keeper, delays: Delays, is_reloading: asyncio.Event) -> None:
    """Consider a question again and again."""
    due = time.perf_counter()
    number = 0
    while True:
        due = max(due + BETWEEN, time.perf_counter())
        await asyncio.sleep(due - time.perf_counter())
        number += 1
        message = Message(f"${number}", "!", "@", f"{QUESTION} {number}", SystemClock().now())
        keeper.desk.consider(Conversation(), message, message.sent_at)
        told = delays.reloading if is_reloading.is_set() else delays.quiet
        told.append(1000 * (time.perf_counter() - due))


async def reloads(folder: Path) -> tuple[list[float], Delays]:
    """The seconds from each save to the FAQ being live, and how long answers took meanwhile."""
    async with Workshop(*MAKERS) as workshop:
        path = FaqFolder(folder, partial(open_edition, contact="a@example.org"), inspect, workshop)
        return await saves(folder, await open_keeper(path, SystemClock(), after=give_back))


async def saves(folder: Path, keeper: Keeper) -> tuple[list[float], Delays]:
    """Save again and again, while questions are asked."""
    delays, is_reloading, took = Delays(), asyncio.Event(), []
    tasks = [
        asyncio.create_task(keeper.mind(changes(folder, asyncio.Event()))),
        asyncio.create_task(asked(keeper, delays, is_reloading)),
    ]
    target = folder / "messenger.yaml"
    text = target.read_text(encoding="utf-8")
    for number in range(SAVES):
        await asyncio.sleep(PAUSE)
        live = keeper.live
        begin = time.perf_counter()
        target.write_text(text.replace("WA im Büro", f"WA im Büro Nummer {number}"), encoding="utf-8")
        is_reloading.set()
        while keeper.live is live:
            await asyncio.sleep(0.005)
        took.append(time.perf_counter() - begin)
        await asyncio.sleep(BETWEEN)
        is_reloading.clear()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return took, delays


def write_large(folder: Path) -> None:
    """A FAQ as large as they get, as YAML (which JSON is)."""
    faq, _ = synthetic(LARGE)
    listed = [
        {"id": name, "question": {"en": texts[0]}, "phrasings": {"en": texts}, "answer": {"en": "Yes."}}
        for name, texts in faq.items()
    ]
    (folder / "faq.yaml").write_text(json.dumps({"entries": listed}, indent=1), encoding="utf-8")


def checked(folder: Path) -> tuple[float, float]:
    """The seconds that `auskunft check` takes, and its largest memory in MB."""
    begin = time.perf_counter()
    script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    command = [sys.executable, "-c", script, sys.executable, "-m", "bot", "check", "--knowledge", str(folder)]
    run = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT)
    return time.perf_counter() - begin, float(run.stdout)


def main() -> None:
    with TemporaryDirectory() as name:
        faq, large = Path(name, "faq"), Path(name, "large")
        shutil.copytree(shipped(), faq)
        took, delays = asyncio.run(reloads(faq))
        large.mkdir()
        write_large(large)
        seconds, memory = checked(large)
    rows = [
        f"| from the save to the answer, shipped FAQ, median of {SAVES} | {statistics.median(took):.2f} s | 2 s |",
        f"| the slowest of them | {max(took):.2f} s | 2 s |",
        f"| answers meanwhile, slowest of {len(delays.reloading)} | {max(delays.reloading):.0f} ms | 100 ms later |",
        f"| answers between reloads, slowest of {len(delays.quiet)} | {max(delays.quiet):.0f} ms | |",
        f"| median meanwhile / between | {statistics.median(delays.reloading):.1f} / "
        f"{statistics.median(delays.quiet):.1f} ms | |",
        f"| `check`, {LARGE} entries with five phrasings each | {seconds:.0f} s | 120 s |",
        f"| its largest memory | {memory:.0f} MB | |",
    ]
    head = """# Keeping the FAQ, measured

Written by `make bench-keeping`, on two cores. An answer is timed from when its question was due in the bot's event
loop.

| what | measured | target |
|---|---|---|
"""
    REPORT.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(REPORT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
