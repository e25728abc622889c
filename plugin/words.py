"""The engine's messages in the words of the dock, where fields have labels and no names in capitals."""

from __future__ import annotations

import re

from ..core.operations import OPERATIONS
from ..core.parameters import declared
from ..processing_provider.translation import tr

LABELS = {
    parameter.name.upper(): parameter.kind.label
    for operation in OPERATIONS.values()
    for parameter in declared(operation.parameters)
    if parameter.name != "crs"  # also a word
}
_NAMES = "|".join(sorted(LABELS, key=len, reverse=True))
_IN_BRACKETS = re.compile(rf" \((?:{_NAMES})\)")
# Not in a path, a file's name or quotation marks
_ALONE = re.compile(rf"(?<![\w/\\.'\"-])(?:{_NAMES})(?![\w/\\'\"-]|\.\w)")
_BEGINNING = re.compile(r"(?:^|[.!?:]\s|\n)\s*$")


def in_words(text: str) -> str:
    """A message without the names of parameters: those in brackets are left out, others become labels."""
    text = _IN_BRACKETS.sub("", text)
    return _ALONE.sub(lambda found: _label(found[0], text[: found.start()]), text)


def _label(name: str, before: str) -> str:
    label = tr(LABELS[name])
    return label if _BEGINNING.search(before) else label[:1].lower() + label[1:]
