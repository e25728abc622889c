"""Which files of a folder belong together: tiles of one pass, processings of one scene, and copies of a file."""

from __future__ import annotations

import filecmp
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import shapely

from ....grid.windows import Window
from ....vocabulary.plurals import counted
from ..file_names import NamedImage
from ..passes import CatalogueItem, group_passes

# Tiles along a pass are about 15 seconds apart; passes of one satellite over an area more than an hour.
_LONGEST_GAP = timedelta(minutes=1)
_MOST_LISTED = 5
_START = 4096  # bytes of a file by which most are told apart


class GroupedFile(Protocol):
    """A file with the facts in its name, and its window of the folder's grid."""

    @property
    def path(self) -> Path: ...
    @property
    def named(self) -> NamedImage: ...
    @property
    def window(self) -> Window: ...


F = TypeVar("F", bound=GroupedFile)


@dataclass
class Remarks:
    """What is to be said about files: problems, and names of files that are not used, or not everywhere."""

    problems: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    @property
    def notes(self) -> tuple[str, ...]:
        """The files that are not used, in words."""
        found = (
            (self.copies, "copy of another file is skipped", "copies of other files are skipped"),
            (self.replaced, "file is replaced by a newer processing", "files are replaced by newer processings"),
            (
                self.behind,
                "file is only used where a newer processing has no data",
                "files are only used where a newer processing has no data",
            ),
            (
                self.repeated,
                "file has the content of another one with another time; remove the one whose time is wrong",
                "files have the content of others with another time; remove those whose time is wrong",
            ),
        )
        return tuple(f"{counted(len(names), one, many)}: {_listed(names)}." for names, one, many in found if names)


def group_files(files: Sequence[F], remarks: Remarks) -> Mapping[datetime, tuple[F, ...]]:
    """The files of each acquisition by its time, in the order in which they fill its pixels.

    Files of one satellite are one acquisition if no more than a minute is between one and the next. Of several
    processings of a scene the newest baseline is used, the newest first. Copies are left out; one with other content
    than its original is a problem, and so are products of different levels.
    """
    levels = sorted({file.named.level for file in files} - {""})
    if len(levels) > 1:
        remarks.problems.append(
            f"The folder has products of {' and '.join(levels)}. Move each level to its own folder."
        )
    remarks.repeated += _repeated(files)
    known = [file for file in files if file.named.platform]
    # Paths, in which no datatake is looked for: files of one pass may be named in different ways.
    by_path = {str(file.path.absolute()): file for file in files}
    items = [
        CatalogueItem(path, file.named.time, _platform(file, known), shapely.Point()) for path, file in by_path.items()
    ]
    acquisitions = {}
    for each in group_passes(items, longest_gap=_LONGEST_GAP):
        members = _without_copies([by_path[item.id] for item in each.items], remarks)
        acquisitions[each.time] = tuple(_newest(members, remarks))
    return acquisitions


def _platform(file: GroupedFile, known: Sequence[GroupedFile]) -> str:
    """The satellite of a file, or of the file nearest in time within a minute; empty if unknown."""
    if file.named.platform:
        return file.named.platform
    near = {abs(other.named.time - file.named.time): other.named.platform for other in known}
    return near[min(near)] if near and min(near) <= _LONGEST_GAP else ""


def _without_copies(files: Iterable[F], remarks: Remarks) -> list[F]:
    """The files by name without those that repeat another one of the same window, whose name is shorter."""
    kept: list[F] = []
    for file in sorted(files, key=lambda each: (len(each.path.stem), each.path.name)):
        same_place = [other for other in kept if other.window == file.window]
        original = next((other for other in same_place if _is_same(other.path, file.path)), None)
        likely = next((other for other in same_place if other.path.stem in file.path.stem), None)
        if original:
            remarks.copies.append(f"{file.path.name} ({original.path.name})")
        elif likely:
            remarks.problems.append(
                f"{file.path.name}: seems to be a copy of {likely.path.name} with other content. Remove one of them."
            )
        else:
            kept.append(file)
    return sorted(kept, key=lambda each: each.path.name)


def _repeated(files: Sequence[F]) -> list[str]:
    """The files with the content of an earlier one, by time, that is not of the same minute."""
    alike: dict[tuple[int, bytes], list[F]] = {}
    sizes = Counter(file.path.stat().st_size for file in files)
    found = []
    for file in sorted(files, key=lambda each: (each.named.time, each.path.name)):
        size = file.path.stat().st_size
        if sizes[size] == 1:
            continue
        with file.path.open("rb") as opened:
            others = alike.setdefault((size, opened.read(_START)), [])
        same = next((each for each in others if _is_same(each.path, file.path)), None)
        if same is None:
            others.append(file)
        elif file.named.time - same.named.time > _LONGEST_GAP:
            found.append(f"{file.path.name} ({same.path.name})")
    return found


def _is_same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and filecmp.cmp(one, other, shallow=False)


def _newest(files: Sequence[F], remarks: Remarks) -> list[F]:
    """The files without those of an older baseline; of one baseline, the processing that was made last comes first.

    Several files may have that baseline: if a datatake was downlinked in two strips, each holds a part of the tile.
    """
    scenes: dict[tuple[object, ...], list[F]] = {}
    for file in files:
        own = (file.named.time, file.named.platform, file.named.tile) if file.named.made else (file.path.name,)
        scenes.setdefault(own, []).append(file)
    used: list[F] = []
    for members in scenes.values():
        best, *others = sorted(members, key=_processing, reverse=True)
        used.append(best)
        for file in others:
            covers = file.window.intersection(best.window) == file.window
            is_older = covers and file.named.version < best.named.version
            if covers:
                (remarks.replaced if is_older else remarks.behind).append(f"{file.path.name} ({best.path.name})")
            used += [] if is_older else [file]
    return used


def _processing(file: GroupedFile) -> tuple[str, str]:
    return file.named.version, file.named.made


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"{', '.join(names[:_MOST_LISTED])}{more}"
