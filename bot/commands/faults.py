"""How faults reach an admin: on standard error, a line each, and as an exit code."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import aiohttp
import typer

from bot import remedies
from bot.adapters.matrix.errors import LoggedOut, MatrixError
from bot.core.fault import Fault
from bot.keys import Unusable
from bot.ports import StoreBroken
from bot.yamlfile import Refused

FOUND = 1
"""The check found errors; the evaluation is worse than the baseline; the device is not signed."""
UNUSABLE = 2
"""Wrong usage, or what was given cannot be used."""
LOGGED_OUT = 3
"""The homeserver has logged the bot out."""


@contextmanager
def told() -> Iterator[None]:
    """Say what goes wrong with the configuration, the data folder or the account, and end."""
    try:
        yield
    except Refused as refused:
        give_up(refused.faults)
    except LoggedOut as error:
        give_up(str(error), LOGGED_OUT)
    except (Unusable, MatrixError) as error:
        give_up(str(error))
    except (TimeoutError, aiohttp.ClientError) as error:
        give_up(f"the homeserver cannot be reached: {error or type(error).__name__}")
    except StoreBroken as error:
        give_up(f"the data folder cannot be used: {error}")
    except OSError as error:
        give_up(f"the data folder cannot be used: {remedies.of_file(error)}")


def give_up(faults: Iterable[Fault] | str, code: int = UNUSABLE) -> NoReturn:
    """Say what is wrong and end with `code`."""
    lines = [f"auskunft: {faults}"] if isinstance(faults, str) else [str(fault) for fault in faults]
    typer.echo("\n".join(lines), err=True)
    raise typer.Exit(code)
