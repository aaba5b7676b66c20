"""`auskunft demo`: the whole way on this machine, with a real homeserver that is gone afterwards."""

import asyncio
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot import assembly
from bot.adapters.faq.knowledge import shipped
from bot.adapters.homeserver import NoHomeserver, homeserver
from bot.adapters.mailcatcher import Mailcatcher, NoMailcatcher, mailcatcher
from bot.adapters.matrix.colleague import Colleague, colleague, register
from bot.adapters.matrix.errors import MatrixError
from bot.commands.faults import give_up
from bot.config import Config, Mail, Matrix
from bot.core.pace import Limits

_QUESTIONS = (
    "Darf ich mit meinen Studierenden eine WhatsApp-Gruppe machen?",
    "und Signal?",
    "wie loge ich mich bei dfnconf ein",
    "Which messenger should I use instead?",
    "gäste in konferenz einladen",
    "1",
)
"""A question and a follow-up, one with typing errors, an English one, one to clarify and its answer."""
_NOT_UNDERSTOOD = "Darf ich den blauen Papierflieger dienstlich nutzen?"
"""What an admin then adds to the entry `telegram`, so that it is answered."""
_NOT_KNOWN = (
    "Wann hat die Mensa offen?",
    "Mensch",
    "colleague@example.org",
    "ja",
)
"""A question without an answer, which is passed on to a human, with the reply address and the yes."""
_INTERRUPTED = 130
_ANSWER_TIMEOUT = 60
_SENDER = "auskunft@example.org"
_UNLIMITED = Limits(per_minute=0, per_day=0)

Opened = TypeVar("Opened")


def demo() -> None:
    """See the bot at work, on this machine only, with nothing to set up.

    Starts a real homeserver (Synapse) on a free loopback port, the bot, and a colleague who asks it over an encrypted
    room. An admin teaches the bot a phrasing, and one question is passed on by mail, to a mail server here. On a
    terminal you then ask questions of your own. At the end everything is stopped and removed.
    """
    try:
        asyncio.run(_stopped_by_signal())
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("\nInterrupted; everything is stopped and removed.", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    except (NoHomeserver, NoMailcatcher, MatrixError, TimeoutError) as error:
        give_up(str(error))


async def _stopped_by_signal() -> None:
    """SIGTERM ends the demo as Ctrl-C does, so that it cleans up."""
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await _demo(Console(highlight=False))


@dataclass(frozen=True)
class _Chat:
    """A room in which somebody talks with the bot, shown on the console."""

    console: Console
    account: Colleague
    room: str
    bot: str

    async def ask(self, text: str, typed: bool = False) -> None:
        """Write `text`, and show what the bot says."""
        if not typed:
            self.console.print(Text(f"> {text}", style="bold"))
        began = time.monotonic()
        await self.account.say(self.room, text)
        await self.listen(began)

    async def listen(self, since: float | None = None) -> None:
        """Show what the bot says next."""
        event = await self.account.wait_for(self.room, self.bot, _ANSWER_TIMEOUT)
        sealed = "encrypted" if event.decrypted else "NOT ENCRYPTED"
        took = f", {time.monotonic() - since:.2f} s" if since else ""
        self.console.print(Padding(Text(str(event.body)), (0, 0, 0, 2)))
        self.console.print(f"  ({sealed}{took})\n", style="dim")


async def _demo(console: Console) -> None:
    with tempfile.TemporaryDirectory(prefix="auskunft-demo-") as name:
        folder = Path(name)
        async with _doing(console, "starting a homeserver (Synapse)", homeserver(folder)) as running:
            await _play(console, running.address, folder)
        console.print("Everything is stopped and removed.", style="dim")


async def _play(console: Console, address: str, folder: Path) -> None:
    password = secrets.token_urlsafe(9)
    bot, person, keeper = [await register(address, name, password) for name in ("auskunft", "colleague", "admin")]
    async with (
        mailcatcher() as support,
        colleague(address, keeper, password, folder / "admin") as admin,
        colleague(address, person, password, folder / "colleague") as asking,
    ):
        office = await admin.create_room(encrypted=True)
        async with _running(_config(address, bot, password, folder, support, office, keeper)):
            began = time.monotonic()
            chat = _Chat(console, asking, await _met(asking, bot, encrypted=True, direct=True), bot)
            console.print(f"starting the bot: {time.monotonic() - began:.1f} s", style="dim")
            console.print(f"{person} talks to {bot} in an encrypted room.", style="dim")
            signed = "device signed by its owner" if await asking.sees_signed(bot) else "device NOT SIGNED"
            console.print(f"The bot: {signed}.\n", style="dim")
            await chat.listen()
            for question in _QUESTIONS:
                await chat.ask(question)
            await _teach(chat, _Chat(console, admin, office, bot), keeper)
            for question in _NOT_KNOWN:
                await chat.ask(question)
            _show_mail(console, await _received(support))
            if sys.stdin.isatty():
                console.print(f"Now you. A graphical client can join in: {address}, {person}, password {password}")
                console.print("Ask away; an empty line or Ctrl-D ends the demo.\n")
                async for line in _typed():
                    await chat.ask(line, typed=True)


def _config(
    address: str, bot: str, password: str, folder: Path, support: Mailcatcher, office: str, keeper: str
) -> Config:
    """With a FAQ of its own, as the one that ships is not written into."""
    matrix = Matrix(
        user=bot,
        homeserver=address,
        password=SecretStr(password),
        questions=_UNLIMITED,
        admin_room=office,
        admins=(keeper,),
    )
    faq = Path(shutil.copytree(shipped(), folder / "faq"))
    return Config(matrix=matrix, data=folder / "bot", knowledge=faq, mail=_mail(support))


async def _met(account: Colleague, bot: str, **options: bool) -> str:
    """A new room with the bot in it."""
    room = await account.create_room(bot, **options)
    await account.wait_until_joined(room, bot)
    return room


async def _teach(chat: _Chat, office: _Chat, keeper: str) -> None:
    """A question that is not understood, until an admin adds it to an entry."""
    await office.account.invite(office.room, office.bot)
    await office.account.wait_until_joined(office.room, office.bot)
    await office.account.wait_for(office.room, office.bot, _ANSWER_TIMEOUT)
    await chat.ask(_NOT_UNDERSTOOD)
    chat.console.print(f"{keeper} adds it to the FAQ, in the room of the admins.\n", style="dim")
    await office.ask(f"!add telegram {_NOT_UNDERSTOOD}")
    chat.console.print("The colleague asks once more.\n", style="dim")
    await chat.ask(_NOT_UNDERSTOOD)


@asynccontextmanager
async def _doing(console: Console, what: str, opening: AbstractAsyncContextManager[Opened]) -> AsyncIterator[Opened]:
    """Open a context, and say meanwhile what is done."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        with console.status(f"{what} ..."):
            opened = await stack.enter_async_context(opening)
        console.print(f"{what}: {time.monotonic() - began:.1f} s", style="dim")
        yield opened


@asynccontextmanager
async def _running(config: Config) -> AsyncIterator[None]:
    """The bot, until the end of the block; where the bot fails, the block ends with it."""
    stop = asyncio.Event()
    block = asyncio.current_task()
    task = asyncio.create_task(assembly.run(config, stop))
    task.add_done_callback(lambda _: block and not stop.is_set() and block.cancel())
    try:
        yield
    finally:
        stop.set()
        await task


def _mail(support: Mailcatcher) -> Mail:
    return Mail(server=support.host, port=support.port, security="none", sender=_SENDER)


async def _received(support: Mailcatcher) -> EmailMessage:
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT):
            return await support.mails.get()
    except TimeoutError:
        raise TimeoutError("no mail has come") from None


def _show_mail(console: Console, mail: EmailMessage) -> None:
    console.print("What the mail server of support has received:", style="dim")
    heads = "\n".join(f"{name}: {value}" for name, value in mail.items())
    console.print(Padding(Text(f"{heads}\n\n{mail.get_content()}"), (0, 0, 0, 2)))


async def _typed() -> AsyncIterator[str]:
    """The lines that are typed, until an empty one; Ctrl-C works meanwhile."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: lines.put_nowait(sys.stdin.readline()))
    try:
        while True:
            print("> ", end="", flush=True)  # noqa: T201 (the prompt)
            line = (await lines.get()).strip()
            if not line:
                return
            yield line
    finally:
        loop.remove_reader(sys.stdin)
