"""Maps of classes as files: their classes, the pixels of each, and what they hold at places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from ..errors import DataError
from ..grid.crs import is_in_metres
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..imagery.sources.images import grid_of
from ..imagery.sources.opening import GEOTIFF, opened_image
from ..store.rasters import file_window
from ..vocabulary.classes import ClassScheme
from ..vocabulary.plurals import counted

_HIGHEST = 65535
_BLOCK = 1024
NO_DATA = 0


@dataclass(frozen=True)
class ClassMap:
    """A map of class ids: its file, its grid (pixel (0, 0) is the upper left one), its size, and its classes.

    `no_data` is the declared value besides 0, if there is one. `pixels` are the pixels of each class id.
    """

    path: Path
    grid: PixelGrid
    window: Window
    classes: ClassScheme
    no_data: int | None
    pixels: dict[int, int]

    @property
    def pixel_ha(self) -> float:
        """The area of a pixel in hectares."""
        return self.grid.pixel_width * self.grid.pixel_height / 1e4

    def name(self, id_: int) -> str:
        """The name of a class, its id if it has none."""
        return self.classes.name(id_) if id_ in self.classes.ids else str(id_)

    def blocks(self) -> Iterator[tuple[Window, np.ndarray]]:
        """All parts of the map: a window and its class ids (y, x), 0 where there is no data."""
        with _opened(self.path) as file:
            for window in _windows(self.window):
                yield window, _ids(file, window, self.no_data)

    def read(self, window: Window) -> np.ndarray:
        """Class ids (y, x) of a window, 0 where there is no data or no map."""
        ids = np.zeros(window.shape, dtype=np.uint16)
        common = self.window.intersection(window)
        if not common.is_empty:
            with _opened(self.path) as file:
                ids[window.slices(common)] = _ids(file, common, self.no_data)
        return ids


def open_map(path: Path) -> ClassMap:
    """A map of one band of whole numbers; DataError if it is another raster, or not in metres."""
    with _opened(path) as file:
        if file.count != 1 or np.dtype(file.dtypes[0]).kind not in "iu":
            raise DataError(
                f"{path} has {counted(file.count, 'band')} of {file.dtypes[0]}; a map has one of whole numbers, the "
                "class ids."
            )
        try:
            grid = grid_of(file)
        except DataError as error:
            raise DataError(f"{path} {error}") from None
        if not is_in_metres(grid.crs):
            raise DataError(
                f"{path} is in {grid.crs}, which is not in metres, so that its pixels have different areas. Reproject "
                "it first, with nearest neighbour: gdalwarp -t_srs EPSG:… (a UTM zone, or an equal-area CRS)."
            )
        window = Window(0, 0, *file.shape)
        declared = file.nodata
        no_data = int(declared) if declared is not None and np.isfinite(declared) else None
        totals = np.zeros(_HIGHEST + 1, dtype=np.int64)
        for part in _windows(window):
            totals += np.bincount(_ids(file, part, no_data).ravel(), minlength=totals.size)
        pixels = {int(id_): int(totals[id_]) for id_ in np.flatnonzero(totals[1:]) + 1}
        if not pixels:
            raise DataError(f"{path} has no pixel with a class: all are no data.")
        return ClassMap(path, grid, window, _classes(file, list(pixels)), no_data, pixels)


def _classes(file: DatasetReader, ids: list[int]) -> ClassScheme:
    """The classes that a map of ours names, with those of the pixels that it does not name."""
    try:
        named = ClassScheme.from_json(json.loads(file.tags()["CLASSES"]))
    except (KeyError, TypeError, ValueError, DataError):
        named = ClassScheme(())
    others = ClassScheme.of({id_: str(id_) for id_ in ids if id_ not in named.ids})
    return ClassScheme(tuple(sorted((*named.classes, *others.classes), key=lambda entry: entry.id)))


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    try:
        with opened_image(path, GEOTIFF) as file:
            yield file
    except RasterioError as error:
        raise DataError(f"{path} cannot be read as a GeoTIFF ({error}).") from error


def _windows(window: Window) -> Iterator[Window]:
    for row in range(0, window.height, _BLOCK):
        for column in range(0, window.width, _BLOCK):
            yield Window(row, column, min(_BLOCK, window.height - row), min(_BLOCK, window.width - column))


def _ids(file: DatasetReader, window: Window, no_data: int | None) -> np.ndarray:
    values = file.read(1, window=file_window(window)).astype(np.int64)
    if no_data is not None:
        values[values == no_data] = NO_DATA
    wrong = (values < 0) | (values > _HIGHEST)
    if wrong.any():
        raise DataError(f"{file.name} holds {values[wrong][0]}; class ids are whole numbers from 1 to {_HIGHEST:,}.")
    ids: np.ndarray = values.astype(np.uint16)
    return ids
