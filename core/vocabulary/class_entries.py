"""What a user writes of classes: `class=colour`, `class=name`, `class=class`, the first by name or id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Callable

from ..errors import ParameterError
from .classes import ClassScheme

Find = Callable[[str], "tuple[int, ...]"]  # the ids of the classes with a name or an id

_COLOUR = r"#[0-9a-fA-F]{6}"


def read_colours(entries: Sequence[str], find: Find) -> tuple[dict[int, str], tuple[str, ...]]:
    """Colours (#rrggbb) by class id, and the classes that there are not; ParameterError lists all wrong entries."""
    wrong = "Class colours (CLASS_COLOURS): not a class and colour such as 1=#ffff00"
    colours, unknown = _read(entries, _COLOUR, find, wrong)
    return {id_: colour.lower() for id_, colour in colours.items()}, unknown


def read_names(entries: Sequence[str], find: Find) -> tuple[dict[int, str], tuple[str, ...]]:
    """Names by class id, and the classes that there are not; ParameterError lists all wrong entries."""
    return _read(entries, r"\S.*", find, "Class names (CLASS_NAMES): not a class and name such as 1=forest")


def read_merges(entries: Sequence[str], find: Find, known: ClassScheme) -> dict[int, int]:
    """The class that each merged one becomes, of entries `class=class`.

    What becomes a class that is merged itself becomes that one's. ParameterError for an entry with a class that there
    is not, and for classes that become each other.
    """
    merges: dict[int, int] = {}
    for entry in entries:
        one, _, other = entry.partition("=")
        ids, targets = find(one.strip()), find(other.strip())
        if not ids or not targets:
            names = ", ".join(f"{own.id} {own.name}" for own in known.classes)
            raise ParameterError(
                f"Merged classes (MERGE): {entry!r} is not two classes such as 3=1, by id or name. The classes are: "
                f"{names}."
            )
        merges |= {id_: targets[0] for id_ in ids if id_ != targets[0]}
    return {id_: _end(id_, merges) for id_ in merges}


def _end(id_: int, merges: Mapping[int, int]) -> int:
    """What a class becomes at last."""
    passed = [id_]
    while passed[-1] in merges:
        passed.append(merges[passed[-1]])
        if passed[-1] in passed[:-1]:
            raise ParameterError(
                f"Merged classes (MERGE): {'='.join(map(str, passed))} has no end. Name one class that all become."
            )
    return passed[-1]


def _read(entries: Sequence[str], value: str, find: Find, wrong: str) -> tuple[dict[int, str], tuple[str, ...]]:
    """Values by class id of entries `class=value`, and the ids in them that are not classes."""
    matches = {entry: re.fullmatch(rf"(.+?)\s*=\s*({value})", entry) for entry in entries}
    refused = [
        entry
        for entry, match in matches.items()
        if match is None or not (find(match[1]) or re.fullmatch("[0-9]+", match[1]))
    ]
    if refused:
        raise ParameterError(f"{wrong}: {', '.join(refused)}.")
    given = [(match[1], match[2]) for match in matches.values() if match]
    unknown = tuple(word for word, _ in given if not find(word))
    return {id_: text for word, text in given for id_ in find(word)}, unknown
