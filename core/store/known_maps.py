"""The maps in a folder: its workspaces, how good they are, and the choices that they were made with.

Standard library only: QGIS uses it too. Missing and invalid values in the files are treated as unknown.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from ..frozen import frozen
from .paths import WorkspacePaths


@frozen
class KnownMap:
    """A workspace: its folder, when its map was made, and the accuracy with its 95 % interval, None where unknown."""

    folder: Path
    made: Optional[datetime]
    accuracy: Optional[float]
    low: Optional[float]
    high: Optional[float]


def maps_in(folders: Iterable[Path]) -> list[KnownMap]:
    """The workspaces among the folders and their direct subfolders, the latest map first, those without a map last."""
    found = {}
    for folder in folders:
        for path in (folder, *_subfolders(folder)):
            if WorkspacePaths(path).grid.is_file():
                found[os.path.realpath(path)] = known_map(path)
    return sorted(found.values(), key=lambda own: (own.made or datetime.min, own.folder.name), reverse=True)


def known_map(folder: Path) -> KnownMap:
    """What is known of the map of a workspace."""
    paths = WorkspacePaths(folder)
    try:
        made: Optional[datetime] = datetime.fromtimestamp(paths.layer("map").stat().st_mtime)
    except OSError:
        made = None
    is_own_model = choices_of(folder).get("model") is None
    numbers = _read(paths.model_card).get("accuracy") if is_own_model and made is not None else None
    if not isinstance(numbers, list) or len(numbers) != 3:
        numbers = [None, None, None]
    accuracy, low, high = (_fraction(number) for number in numbers)
    return KnownMap(folder, made, accuracy, low, high)


def choices_of(workspace: Path) -> dict[str, Any]:
    """The parameters of `makemap` that the map was made with, by name; none where it is not finished."""
    values = _read(WorkspacePaths(workspace).record("makemap")).get("parameters")
    return values if isinstance(values, dict) else {}


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except OSError:  # removed meanwhile
                continue
    return total


def _fraction(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _read(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:
        return []
