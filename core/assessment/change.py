"""Change between two maps of one area: a raster of from–to classes, and its areas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio

from ..errors import DataError, ParameterError
from ..grid.windows import Window
from ..store.files import written_whole
from ..store.rasters import file_window
from ..vocabulary.classes import ClassScheme, LandCoverClass
from .maps import ClassMap, open_map

UNCHANGED = 1
_FIRST = 2  # id of the first transition
_GREY = "#d9d9d9"


@dataclass(frozen=True)
class Transition:
    """Pixels that were of one class and are of another."""

    id: int
    before: str
    after: str
    pixels: int


@dataclass(frozen=True)
class Change:
    """The raster of change, its legend, and the pixels of every pair of classes, also those that stayed.

    `pairs` holds (from, to, pixels) by name. Pixels without data on one of the maps are counted in `unknown`.
    """

    path: Path
    classes: ClassScheme
    transitions: tuple[Transition, ...]
    pairs: tuple[tuple[str, str, int], ...]
    unchanged: int
    unknown: int
    pixel_ha: float


def compare_maps(before: Path, after: Path, wanted: Sequence[str], target: Path) -> Change:
    """Write the change between two maps on the same grid: 1 where the class stayed, and an id for each from–to pair.

    Classes are matched by name. With `wanted` classes (names or ids of the later map), only changes from or to one of
    them have an id of their own; others are as unchanged. Raises DataError for maps on other grids.
    """
    old, new = open_map(before), open_map(after)
    _check_grids(old, new)
    names = sorted({old.name(id_) for id_ in old.pixels} | {new.name(id_) for id_ in new.pixels})
    kept = _wanted(wanted, old, new, names)
    places = {name: number for number, name in enumerate(names, start=1)}
    old_places, new_places = (_lookup(classes, places) for classes in (old, new))
    counts = np.zeros((len(names) + 1, len(names) + 1), dtype=np.int64)
    for window, ids in old.blocks():
        np.add.at(counts, (old_places[ids].ravel(), new_places[new.read(window)].ravel()), 1)
    pairs = [
        (names[i - 1], names[j - 1], int(counts[i, j]))
        for i in range(1, len(names) + 1)
        for j in range(1, len(names) + 1)
        if counts[i, j]
    ]
    moved = [(i, j, number) for i, j, number in pairs if i != j and (i in kept or j in kept)]
    if len(moved) > 65_000:
        raise DataError(f"There are {len(moved):,} kinds of change, more than a raster can tell apart. Set CLASSES.")
    transitions = tuple(Transition(number, *pair) for number, pair in enumerate(moved, start=_FIRST))
    classes = _legend(transitions, new)
    codes = np.zeros(counts.shape, dtype=np.uint16)
    codes[1:, 1:] = UNCHANGED
    for own in transitions:
        codes[places[own.before], places[own.after]] = own.id
    _write(target, old, new, codes, (old_places, new_places), classes)
    unchanged = sum(number for i, j, number in pairs if i == j)
    unknown = int(counts[0].sum() + counts[:, 0].sum() - counts[0, 0])
    return Change(target, classes, transitions, tuple(pairs), unchanged, unknown, old.pixel_ha)


def _check_grids(old: ClassMap, new: ClassMap) -> None:
    if old.grid.same_as(new.grid) and old.grid.offset(new.grid) == (0, 0) and old.window == new.window:
        return
    if not old.grid.same_as(new.grid):
        raise DataError(
            f"The maps are on other grids: {_described(old)}, and {_described(new)}. Make both in one workspace, or "
            "warp one to the grid of the other with nearest neighbour."
        )
    row, column = old.grid.offset(new.grid)
    place = Window(row, column, new.window.height, new.window.width)
    if place.intersection(old.window).is_empty:
        raise DataError("The maps do not overlap. Choose maps of one area.")
    raise DataError(
        f"The maps cover different areas ({_described(old)}, and {_described(new)}). Clip both to their common extent."
    )


def _described(classes: ClassMap) -> str:
    grid, window = classes.grid, classes.window
    return (
        f"{classes.path.name} with {window.width:,} × {window.height:,} pixels of {grid.pixel_width:g} m in {grid.crs} "
        f"from {grid.left:.10g}, {grid.top:.10g}"
    )


def _wanted(words: Sequence[str], old: ClassMap, new: ClassMap, names: Sequence[str]) -> set[str]:
    if not words:
        return set(names)
    found = set()
    for word in words:
        ids = [(classes, id_) for classes in (new, old) for id_ in classes.classes.ids_of(word)]
        if not ids:
            raise ParameterError(f"Classes (CLASSES): the maps have no class {word}. They have: {', '.join(names)}.")
        found |= {classes.name(id_) for classes, id_ in ids}
    return found


def _lookup(classes: ClassMap, places: dict[str, int]) -> np.ndarray:
    """(65536,): the place of each class id among the names, 0 without data."""
    lookup = np.zeros(65536, dtype=np.int64)
    for id_ in classes.pixels:
        lookup[id_] = places[classes.name(id_)]
    return lookup


def _legend(transitions: Sequence[Transition], new: ClassMap) -> ClassScheme:
    """Unchanged in grey, each change in the colour of what the place has become."""
    colours = {entry.name: entry.colour for entry in new.classes.classes}
    changed = [
        LandCoverClass(own.id, f"{own.before} → {own.after}", colours.get(own.after, "#000000")) for own in transitions
    ]
    return ClassScheme((LandCoverClass(UNCHANGED, "unchanged", _GREY), *changed))


def _write(
    target: Path,
    old: ClassMap,
    new: ClassMap,
    codes: np.ndarray,
    lookups: tuple[np.ndarray, np.ndarray],
    classes: ClassScheme,
) -> None:
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": old.window.height,
        "width": old.window.width,
        "dtype": classes.dtype,
        "crs": old.grid.crs,
        "transform": old.grid.affine(old.window),
        "nodata": 0,
        "compress": "deflate",
        "tiled": True,
        "bigtiff": "IF_SAFER",
    }
    with written_whole(target) as temporary, rasterio.open(temporary, "w", **profile) as file:
        file.update_tags(CLASSES=json.dumps(classes.to_json(), ensure_ascii=False))
        file.descriptions = ("change",)
        if classes.dtype == "uint8":
            file.write_colormap(1, {0: (0, 0, 0, 0)} | {id_: (*c, 255) for id_, c in classes.colour_table.items()})
        for window, ids in old.blocks():
            pixels = codes[lookups[0][ids], lookups[1][new.read(window)]]
            file.write(pixels.astype(classes.dtype), 1, window=file_window(window))
