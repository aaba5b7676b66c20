"""Auskunft: a Matrix helpdesk bot that answers staff's questions from a YAML FAQ."""

from importlib.metadata import version

__version__ = version("auskunft")
