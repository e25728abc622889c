"""Rasters of a workspace read small: no more pixels than a page shows, whatever the size of the area."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.enums import Resampling
from rasterio.errors import RasterioError

from ..errors import DataError
from ..grid.patches import Patch
from ..grid.windows import Window
from ..learning.features import SeriesPlan
from ..learning.records import ModelRecord, SampleRecord
from ..store.acquisitions import Acquisition
from ..store.rasters import burn
from ..store.workspace import Workspace

VISIBLE = ("B04", "B03", "B02")
_HALF_CLOUDY = 0.4


def read_small(path: Path, side: int, names: Sequence[str] | None = None, *, mean: bool = False) -> np.ndarray:
    """Bands (band, y, x) of a file with at most about `side` pixels a side, from its overviews where it has them.

    `mean` averages what becomes one pixel; else one of its pixels stands for all, so that class ids stay class ids.
    """
    try:
        with rasterio.open(path) as file:
            smaller = max(max(file.shape) / side, 1.0)
            shape = tuple(max(round(length / smaller), 1) for length in file.shape)
            indexes = list(file.indexes) if names is None else [file.descriptions.index(name) + 1 for name in names]
            method = Resampling.average if mean else Resampling.nearest
            pixels: np.ndarray = file.read(indexes, out_shape=(len(indexes), *shape), resampling=method)
            return pixels
    except (RasterioError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}). Replace or delete it, and run again.") from error


def area_mask(workspace: Workspace, shape: tuple[int, int]) -> np.ndarray:
    """(y, x) bool of the whole domain made `shape` small: which pixels belong to the area."""
    domain, area = workspace.layout.domain, workspace.layout.area
    scale = np.array([shape[1] / domain.width, shape[0] / domain.height])
    small = shapely.transform(area, lambda xy: (xy - (domain.column, domain.row)) * scale)
    burnt: np.ndarray = burn(np.array([small], dtype=object), np.ones(1, dtype=np.uint8), Window(0, 0, *shape)).astype(
        bool
    )
    return burnt


def most_telling_patch(workspace: Workspace) -> Patch:
    """The patch with the most labelled pixels, of those alike the one with the most observations; else the first."""
    patches = workspace.layout.patches
    weights = [np.zeros(len(patches))]
    for name in ("valid_count", "labels"):
        file = workspace.paths.layer(name)
        if file.exists():
            weights.append(_sums(workspace, (read_small(file, 1000)[0] > 0)))
    score = sum(weight * 1000.0**power for power, weight in enumerate(weights))
    return patches[int(np.argmax(score))]


def _sums(workspace: Workspace, marked: np.ndarray) -> np.ndarray:
    """For each patch, how many marked pixels of a picture (y, x) of the whole domain lie in it."""
    domain = workspace.layout.domain
    down, across = marked.shape[0] / domain.height, marked.shape[1] / domain.width
    sums = []
    for patch in workspace.layout.patches:
        top, left = (patch.window.row - domain.row) * down, (patch.window.column - domain.column) * across
        bottom, right = top + patch.window.height * down, left + patch.window.width * across
        sums.append(marked[int(top) : max(int(bottom), int(top) + 1), int(left) : max(int(right), int(left) + 1)].sum())
    return np.array(sums, dtype=np.float64)


def valid_fractions(
    workspace: Workspace, patch: Patch, acquisitions: Sequence[Acquisition]
) -> list[tuple[float, float]]:
    """For each acquisition which fraction of the patch it saw, and which was valid, from its cloud file read small."""
    found = []
    for acquisition in acquisitions:
        file = workspace.paths.cloud(patch, acquisition)
        mask = read_small(file, 64, ["mask"])[0] if file.exists() else np.full((1, 1), 255)
        found.append((float((mask != 255).mean()), float((mask == 0).mean())))
    return found


def spread_out(seen: Sequence[tuple[float, float]], number: int) -> list[int]:
    """Positions of about `number` acquisitions spread over the year, cloudy ones among them, in order.

    Of each stretch of the year the clearest one, of every third the one most like half under cloud; of those that saw
    the patch, wholly where there are such.
    """
    widest = max(data for data, _ in seen)
    there = [position for position, (data, _) in enumerate(seen) if data > 0.5 * widest]
    chosen = []
    for turn, stretch in enumerate(np.array_split(np.array(there), min(number, len(there)))):
        wanted = _HALF_CLOUDY if turn % 3 == 1 else 1.0
        off = [abs(seen[position][1] - wanted) for position in stretch]
        chosen.append(int(stretch[int(np.argmin(off))]))
    return chosen


def importance(workspace: Workspace) -> tuple[SeriesPlan, np.ndarray] | None:
    """What the workspace's model makes of each value on each date: (value, date), 1 in all; None if it cannot tell."""
    trained, samples = workspace.find(ModelRecord), workspace.find(SampleRecord)
    if trained is None or trained.importances is None or samples is None:
        return None
    plan = samples.plan
    return plan, np.array(trained.importances).reshape(len(plan.values), len(plan.dates))
