"""The layout of a workspace: the pixel grid, the area and its patches."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from .fingerprints import fingerprint
from .rasters import burn


@dataclass(frozen=True)
class Surroundings:
    """Cells outside the area: the smallest window with all of them, empty if there are none, and their fingerprint."""

    window: Window
    fingerprint: str


NO_SURROUNDINGS = Surroundings(Window(0, 0, 0, 0), "")


@dataclass(frozen=True)
class Layout:
    """The pixel grid, the area as a geometry in pixel coordinates, the pixels around it, and the patches."""

    grid: PixelGrid
    area: BaseGeometry
    domain: Window
    patches: tuple[Patch, ...]

    def area_mask(self, window: Window) -> np.ndarray:
        """(y, x) bool: the pixels of the window that belong to the area."""
        one = np.array([1], dtype=np.uint8)
        return burn(np.array([self.area], dtype=object), one, window).astype(bool)

    @cached_property
    def patch_fingerprints(self) -> Mapping[str, str]:
        """Fingerprints of the pixels of each patch: of the grid, the window, and the area within it."""
        return {
            patch.id: fingerprint(
                asdict(self.grid),
                asdict(patch.window),
                hashlib.sha256(np.packbits(self.area_mask(patch.window)).tobytes()).hexdigest(),
            )
            for patch in self.patches
        }

    def outside(self, cells: Window, factor: int) -> np.ndarray:
        """(y, x) bool: the cells of `factor` × `factor` pixels that contain no pixel of the area."""
        area = self.area_mask(cells.fine(factor))
        outside: np.ndarray = ~np.any(area.reshape(cells.height, factor, cells.width, factor), axis=(1, 3))
        return outside

    def surroundings(self, cells: Window, factor: int) -> Surroundings:
        """The cells of the window that are outside the area."""
        key = (cells, factor)
        if key not in self._surroundings:
            self._surroundings[key] = _surroundings(cells, self.outside(cells, factor))
        return self._surroundings[key]

    @cached_property
    def _surroundings(self) -> dict[tuple[Window, int], Surroundings]:
        return {}

    def patches_in(self, window: Window) -> list[Patch]:
        """The patches that have pixels in the window."""
        tops, lefts, bottoms, rights = self._edges
        near = (tops < window.bottom) & (bottoms > window.row) & (lefts < window.right) & (rights > window.column)
        return [self.patches[number] for number in np.flatnonzero(near)] if not window.is_empty else []

    def patches_within(self, patch: Patch, reach: int) -> list[Patch]:
        """The patches that have pixels within `reach` pixels of a patch, itself among them."""
        if not reach:
            return [patch]
        key = (patch.id, reach)
        if key not in self._near:
            self._near[key] = self.patches_in(patch.window.expanded(reach))
        return self._near[key]

    @cached_property
    def _near(self) -> dict[tuple[str, int], list[Patch]]:
        return {}

    @property
    def rectangles(self) -> np.ndarray:
        """The ground of each patch, in the CRS of the grid."""
        tops, lefts, bottoms, rights = self._edges
        upper = self.grid.top - tops * self.grid.pixel_height
        left = self.grid.left + lefts * self.grid.pixel_width
        lower = upper - (bottoms - tops) * self.grid.pixel_height
        boxes: np.ndarray = shapely.box(left, lower, left + (rights - lefts) * self.grid.pixel_width, upper)
        return boxes

    @cached_property
    def _edges(self) -> np.ndarray:
        """(4, patch) top, left, bottom and right of each patch."""
        windows = [patch.window for patch in self.patches]
        return np.array([(w.row, w.column, w.bottom, w.right) for w in windows], dtype=np.int64).reshape(-1, 4).T


def _surroundings(cells: Window, outside: np.ndarray) -> Surroundings:
    rows, columns = np.flatnonzero(outside.any(axis=1)), np.flatnonzero(outside.any(axis=0))
    if not rows.size:
        return NO_SURROUNDINGS
    window = Window.between(
        cells.row + int(rows[0]),
        cells.column + int(columns[0]),
        cells.row + int(rows[-1]) + 1,
        cells.column + int(columns[-1]) + 1,
    )
    where = np.packbits(outside[cells.slices(window)])
    return Surroundings(window, fingerprint(asdict(window), hashlib.sha256(where.tobytes()).hexdigest()))
