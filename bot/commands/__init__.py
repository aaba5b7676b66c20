"""The command line: one thin module a command."""

import logging
from typing import Annotated

import typer

from bot import __version__
from bot.commands import ask, check, demo, evaluate, identity, outbox, run, schema, tune

app = typer.Typer(
    name="auskunft",
    help="A Matrix helpdesk bot that answers staff's questions from a YAML FAQ.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (ask.ask, check.check, demo.demo, evaluate.evaluate, run.run, schema.schema, tune.tune):
    app.command()(command)
app.add_typer(identity.app)
app.add_typer(outbox.app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """A Matrix helpdesk bot that answers staff's questions from a YAML FAQ."""
    for library in ("nio", "peewee", "asyncio"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # they name persons and rooms
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every change


def main() -> None:
    """Run the command line."""
    app()
