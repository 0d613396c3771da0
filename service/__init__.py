"""Pouls: diagnostic questionnaires, pulse surveys and anonymised aggregates."""

from importlib.metadata import version

__version__ = version("pouls")
