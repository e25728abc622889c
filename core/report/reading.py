"""Reading the rasters of a workspace downsampled to the size of the pictures in the report."""

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
    """Read bands (band, y, x) downsampled to about `side` pixels on the longer side, from overviews if there are any.

    Resampling is nearest neighbour, which keeps class ids, or with `mean` the average. Raises DataError.
    """
    try:
        with rasterio.open(path, driver="GTiff") as file:
            smaller = max(max(file.shape) / side, 1.0)
            shape = tuple(max(round(length / smaller), 1) for length in file.shape)
            indexes = list(file.indexes) if names is None else [file.descriptions.index(name) + 1 for name in names]
            method = Resampling.average if mean else Resampling.nearest
            pixels: np.ndarray = file.read(indexes, out_shape=(len(indexes), *shape), resampling=method)
            return pixels
    except (RasterioError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}). Replace or delete it and run again.") from error


def area_mask(workspace: Workspace, shape: tuple[int, int]) -> np.ndarray:
    """Mask (y, x) bool of the pixels in the area, for the whole domain downsampled to `shape`."""
    domain, area = workspace.layout.domain, workspace.layout.area
    scale = np.array([shape[1] / domain.width, shape[0] / domain.height])
    small = shapely.transform(area, lambda xy: (xy - (domain.column, domain.row)) * scale)
    burnt: np.ndarray = burn(np.array([small], dtype=object), np.ones(1, dtype=np.uint8), Window(0, 0, *shape)).astype(
        bool
    )
    return burnt


def most_labelled_patch(workspace: Workspace) -> Patch:
    """The patch with the most labelled pixels, then the most observed pixels, then the first."""
    patches = workspace.layout.patches
    weights = [np.zeros(len(patches))]
    for name in ("valid_count", "labels"):
        file = workspace.paths.layer(name)
        if file.exists():
            weights.append(_sums(workspace, (read_small(file, 1000)[0] > 0)))
    score = sum(weight * 1000.0**power for power, weight in enumerate(weights))
    return patches[int(np.argmax(score))]


def _sums(workspace: Workspace, marked: np.ndarray) -> np.ndarray:
    """Number of marked pixels (y, x) of the downsampled domain in each patch."""
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
    """Fraction of the patch with data, and fraction valid, of each acquisition; estimated from its cloud mask."""
    found = []
    for acquisition in acquisitions:
        file = workspace.paths.cloud(patch, acquisition)
        mask = read_small(file, 64, ["mask"])[0] if file.exists() else np.full((1, 1), 255)
        found.append((float((mask != 255).mean()), float((mask == 0).mean())))
    return found


def choose_dates(fractions: Sequence[tuple[float, float]], number: int) -> list[int]:
    """Positions of up to `number` acquisitions spread over the year, in order, from (data, valid) fractions.

    The acquisitions that cover most of the patch are split into periods. The clearest of each period is chosen, of
    every third period the one closest to half cloudy.
    """
    widest = max(data for data, _ in fractions)
    covering = [position for position, (data, _) in enumerate(fractions) if data > 0.5 * widest]
    chosen = []
    for turn, period in enumerate(np.array_split(np.array(covering), min(number, len(covering)))):
        wanted = _HALF_CLOUDY if turn % 3 == 1 else 1.0
        off = [abs(fractions[position][1] - wanted) for position in period]
        chosen.append(int(period[int(np.argmin(off))]))
    return chosen


def importance(workspace: Workspace) -> tuple[SeriesPlan, np.ndarray] | None:
    """Permutation importance (value, date) of the features; None if nothing was tested."""
    trained, samples = workspace.find(ModelRecord), workspace.find(SampleRecord)
    if trained is None or trained.importance is None or samples is None:
        return None
    plan = samples.plan
    return plan, np.array(trained.importance).reshape(len(plan.values), len(plan.dates))
