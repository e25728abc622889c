"""Observations of the pixels of a window."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ..grid.patches import Patch
from ..grid.windows import Window
from ..store.acquisitions import Acquisition
from ..store.rasters import TILE_HEIGHT, read_raster
from ..store.workspace import Workspace
from .features import SeriesPlan

# Larger blocks are no faster, they only take more memory.
_BLOCK_BYTES = 200_000_000


@dataclass(frozen=True)
class Observations:
    """Observations of some pixels by acquisitions with the same bands.

    `stack` (time, band, pixel) uint16 in the order of `bands`, `valid` (time, pixel) bool, `times` in order, UTC.
    """

    bands: tuple[str, ...]
    stack: np.ndarray
    valid: np.ndarray
    times: tuple[datetime, ...]

    def take(self, pixels: np.ndarray) -> Observations:
        """The observations of some pixels, by number or mask."""
        return Observations(self.bands, self.stack[:, :, pixels], self.valid[:, pixels], self.times)


def strip_height(workspace: Workspace, plan: SeriesPlan, patch: Patch, budget: int) -> int:
    """The number of rows of a patch that fit the budget (bytes), with their stack, features and intermediate arrays."""
    read = [len(set(plan.needed_bands).intersection(item.bands)) for item in workspace.catalogue.acquisitions]
    per_pixel = sum(2 * 2 * bands + 2 for bands in read) + 2 * 4 * len(plan.features) + 64
    rows = min(budget, _BLOCK_BYTES) // (per_pixel * patch.window.width)
    return int(rows // TILE_HEIGHT * TILE_HEIGHT if rows >= TILE_HEIGHT else max(rows, 1))


def read_observations(
    workspace: Workspace, patch: Patch, window: Window, names: Sequence[str], threads: int
) -> list[Observations]:
    """The observations of a window inside a patch, in groups of acquisitions that have the same of the bands `names`.

    Acquisitions without a single valid observation in the window are skipped; a group may therefore be empty.
    """
    groups: dict[tuple[str, ...], list[Acquisition]] = {}
    for item in workspace.catalogue.acquisitions:
        groups.setdefault(tuple(name for name in names if name in item.bands), []).append(item)
    with ThreadPoolExecutor(threads) as pool:
        return [_read_group(workspace, patch, window, own, items, pool) for own, items in groups.items() if own]


def _read_group(
    workspace: Workspace,
    patch: Patch,
    window: Window,
    names: tuple[str, ...],
    items: list[Acquisition],
    pool: ThreadPoolExecutor,
) -> Observations:
    inside = window.within(patch.window)

    def read(acquisition: Acquisition) -> tuple[np.ndarray, np.ndarray] | None:
        cloud = workspace.require(workspace.paths.cloud(patch, acquisition), "maskclouds")
        valid = read_raster(cloud, window=inside, names=["mask"])[0] == 0
        if not valid.any():
            return None
        scene = workspace.require(workspace.paths.scene(patch, acquisition), "downloadscenes")
        return read_raster(scene, window=inside, names=names), valid

    read_all = list(pool.map(read, items))
    seen = [(pixels, item.time) for pixels, item in zip(read_all, items, strict=True) if pixels is not None]
    count = window.height * window.width
    stack = np.empty((len(seen), len(names), count), dtype=np.uint16)
    valid = np.empty((len(seen), count), dtype=bool)
    for number, ((bands, mask), _) in enumerate(seen):
        stack[number] = bands.reshape(len(names), count)
        valid[number] = mask.ravel()
    return Observations(names, stack, valid, tuple(time for _, time in seen))
