"""What the user has chosen for the classes of the reference, as the parameters hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.frozen import frozen
from ..core.parameters import join_names, split_names
from .session import Session

OF_CLASSES = ("CLASS_NAMES", "CLASS_COLOURS", "MERGE", "SKIP_CLASSES")


@frozen
class ClassChoices:
    """Names, colours (#rrggbb) and the class that it becomes, by class id, and the ids that are not used."""

    names: Mapping[int, str]
    colours: Mapping[int, str]
    merges: Mapping[int, int]
    skipped: tuple[int, ...]


def read(session: Session, classes: Sequence[Mapping[str, Any]]) -> ClassChoices:
    """The choices for classes of `checkreference`."""
    words = _words(classes)
    ids = {word: id_ for id_, word in words.items()}
    names, colours, merges, skipped = (split_names(str(session.get(name) or "")) for name in OF_CLASSES)
    return ClassChoices(
        _by_id(names, ids),
        _by_id(colours, ids),
        {id_: ids[word] for id_, word in _by_id(merges, ids).items() if word in ids},
        tuple(ids[word] for word in skipped if word in ids),
    )


def write(session: Session, classes: Sequence[Mapping[str, Any]], chosen: ClassChoices) -> None:
    """Store what is other than the classes are by themselves."""
    words = _words(classes)
    own = {entry["id"]: entry for entry in classes}
    texts = (
        [f"{words[id_]}={name}" for id_, name in chosen.names.items() if name != own[id_]["name"]],
        [f"{words[id_]}={rgb}" for id_, rgb in chosen.colours.items() if rgb != own[id_]["colour"].lower()],
        [f"{words[id_]}={words[other]}" for id_, other in chosen.merges.items()],
        [words[id_] for id_ in chosen.skipped],
    )
    for name, entries in zip(OF_CLASSES, texts):
        session.set(name, join_names(entries) or None)


def forget(session: Session) -> None:
    """Forget the choices: they were for another layer."""
    for name in OF_CLASSES:
        session.set(name, None)


def _words(classes: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """What stands for a class in a list: its id, or its name where its id is also the name of a class."""
    names = {entry["name"] for entry in classes}
    return {entry["id"]: entry["name"] if str(entry["id"]) in names else str(entry["id"]) for entry in classes}


def _by_id(entries: Sequence[str], ids: Mapping[str, int]) -> dict[int, str]:
    """`1=#ffff00`, `2=#054907` as ids and texts."""
    pairs = [entry.partition("=")[::2] for entry in entries]
    return {ids[word]: text for word, text in pairs if word in ids}
