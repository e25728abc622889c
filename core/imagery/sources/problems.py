"""Problems with the files of a folder, all reported together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from ...errors import DataError
from ...vocabulary.plurals import counted

T = TypeVar("T")


def read_each(paths: Iterable[Path], read: Callable[[Path], T]) -> tuple[list[T], list[str]]:
    """The results of reading each path, and the messages of the DataErrors raised."""
    results, problems = [], []
    for path in paths:
        try:
            results.append(read(path))
        except DataError as error:
            problems.append(str(error))
    return results, problems


def raise_problems(problems: Sequence[str], where: str) -> None:
    """Raise a DataError that lists the problems, if there are any."""
    if problems:
        raise DataError("\n".join([f"{counted(len(problems), 'problem')} with {where}:", *problems]))
