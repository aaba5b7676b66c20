"""Options that several commands have: written once, so that they read alike."""

from pathlib import Path
from typing import Annotated

import typer

ExamplesFile = Annotated[
    Path | None,
    typer.Argument(help="Examples, as YAML or as JSON lines (.jsonl); without it, those of the FAQ."),
]
KnowledgeFolder = Annotated[
    Path | None,
    typer.Option("--knowledge", "-k", help="The FAQ's folder; else the one that --config names, or that ships."),
]
