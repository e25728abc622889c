"""Templates of the pages, with all texts escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from . import words

_RESOURCES = Path(__file__).parents[2] / "resources"


def template(name: str) -> Template:
    """A template of `resources/`."""
    environment = Environment(
        loader=FileSystemLoader(_RESOURCES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=words.number, percent=words.percent, day=words.day, hectares=words.hectares)
    return environment.get_template(name)
