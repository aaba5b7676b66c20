"""The newcomer's first command."""

import asyncio
import os
import signal
import sys
from pathlib import Path


async def launch(temporary: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    )


async def test_the_demo_shows_an_encrypted_conversation_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = await launch(tmp_path)
    output, errors = await asyncio.wait_for(process.communicate(), 120)
    text = output.decode()
    assert process.returncode == 0, errors.decode()
    assert errors == b""
    assert text.count("(encrypted, ") >= 5
    assert "NOT ENCRYPTED" not in text
    assert "device signed by its owner" in text
    for part in (
        "Meinen Sie eine dieser Fragen?",
        "Dazu weiß ich nichts",
        "See also:",
        "Signal als datenschutzkonforme",
        "telegram (messenger.yaml, de)",
    ):
        assert part in text
    received = text.partition("What the mail server of support has received:")[2]
    for part in ("Auto-Submitted: auto-generated", "Reply-To: colleague@example.org", "Wann hat die Mensa offen?"):
        assert part in received
    assert list(tmp_path.iterdir()) == []


async def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        process = await launch(tmp_path)
        assert process.stdout
        while b"starting a homeserver" not in await asyncio.wait_for(process.stdout.readline(), 60):
            pass
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 130
        assert b"Traceback" not in errors
        assert list(tmp_path.iterdir()) == []
