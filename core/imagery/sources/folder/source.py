"""A folder of GeoTIFFs, one or several (tiles) for each acquisition, named `<prefix>_<YYYYMMDDTHHMMSS>.tif` (UTC)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import ClassVar

import numpy as np
import rasterio
import shapely
from rasterio.errors import RasterioError
from shapely.geometry.base import BaseGeometry

from ....errors import DataError, ParameterError
from ....grid.crs import reproject
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.acquisitions import TIME_FORMAT, Acquisition, is_between
from ....store.fingerprints import fingerprint
from ....store.rasters import file_window
from ....vocabulary.bands import CATEGORICAL_BANDS
from ..resampling import read_resampled
from ..traits import Traits

_TIME_IN_NAME = re.compile(r"(?:^|_)(\d{8}T\d{6})$")
_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class Tile:
    """One file: its place on the folder's grid, and what tells whether it has changed.

    `offset` is what its reflectance lacks (-1000 in products of baseline 04.00 and later), where the file tells it.
    """

    path: Path
    time: datetime
    grid: PixelGrid
    window: Window
    bands: tuple[str, ...]
    dtype: str
    offset: int
    identity: str


@dataclass(frozen=True)
class FolderSource:
    """All files of one folder. They share a grid, the bands and the data type uint16."""

    imagery: str
    grid: PixelGrid
    bands: tuple[str, ...]
    tiles: Mapping[datetime, tuple[Tile, ...]]
    kind: str = "folder"
    traits: ClassVar[Traits] = Traits()

    @classmethod
    def open(cls, folder: Path) -> FolderSource:
        """Look at every GeoTIFF of the folder; DataError names all that cannot be used, and why."""
        if not folder.is_dir():
            raise ParameterError(f"Imagery (IMAGERY): there is no folder {folder}.")
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
        if not paths:
            raise DataError(f"The folder {folder} holds no GeoTIFF (*.tif). Each acquisition is one file.")
        tiles, wrong = [], []
        for path in paths:
            try:
                tiles.append(_look_at(path))
            except DataError as error:
                wrong.append(str(error))
        if tiles:
            wrong += _differences(tiles)
        if wrong:
            raise DataError("\n".join([f"{len(wrong)} problem(s) with the imagery in {folder}:", *wrong]))
        first = tiles[0]
        by_time: dict[datetime, list[Tile]] = {}
        for tile in tiles:
            window = tile.window.moved(*first.grid.offset(tile.grid))
            by_time.setdefault(tile.time, []).append(replace(tile, window=window))
        ordered = {time: tuple(by_time[time]) for time in sorted(by_time)}
        return cls(str(folder.resolve()), first.grid, first.bands, ordered)

    @property
    def crs(self) -> str:
        """That of the files."""
        return self.grid.crs

    @property
    def extent(self) -> BaseGeometry:
        """The union of all files' rectangles."""
        return self._ground(tile for tiles in self.tiles.values() for tile in tiles)

    def _ground(self, tiles: Iterable[Tile]) -> BaseGeometry:
        windows = {tile.window for tile in tiles}
        return shapely.union_all([shapely.box(*self.grid.bounds(window)) for window in windows])

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[Acquisition]:
        """The acquisitions of the period whose files meet the area, in order of time; cloud cover is not known."""
        in_period = [
            Acquisition(time, fingerprint([tile.identity for tile in tiles]), self.bands, self._ground(tiles))
            for time, tiles in self.tiles.items()
            if is_between(time, start, end)
        ]
        return [acquisition for acquisition in in_period if acquisition.footprint.intersects(area)]

    def read(self, acquisition: Acquisition, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The tiles of the acquisition side by side; where they overlap the first one (by name) with data counts.

        On the folder's own grid nothing is resampled; on others reflectance is bilinear, SCL nearest.
        """
        pixels = np.zeros((len(bands), *window.shape), dtype=np.uint16)
        for tile in self.tiles[acquisition.time]:
            part = self._read_tile(tile, bands, grid, window)
            if part is not None:
                where, values = part
                target = pixels[(slice(None), *window.slices(where))]
                np.copyto(target, values, where=~target.any(axis=0))
        return pixels

    def _read_tile(
        self, tile: Tile, bands: Sequence[str], grid: PixelGrid, window: Window
    ) -> tuple[Window, np.ndarray] | None:
        numbers = {band: self.bands.index(band) + 1 for band in bands}
        try:
            if self.grid.same_as(grid):
                placed = tile.window.moved(*grid.offset(self.grid))
                where = placed.intersection(window)
                if where.is_empty:
                    return None
                with rasterio.open(tile.path) as file:
                    values = file.read(list(numbers.values()), window=file_window(where.within(placed)))
                    return where, _harmonise(values, bands, tile.offset)
            return self._warp_tile(tile, numbers, grid, window)
        except RasterioError as error:
            reason = str(error.__cause__ or error).rstrip(".")
            raise DataError(f"{tile.path.name} cannot be read; the file seems to be cut short ({reason}).") from error

    def _warp_tile(
        self, tile: Tile, numbers: Mapping[str, int], grid: PixelGrid, window: Window
    ) -> tuple[Window, np.ndarray] | None:
        rectangle = np.array([shapely.box(*self.grid.bounds(tile.window))])
        here = grid.to_pixels(reproject(rectangle, self.grid.crs, grid.crs))[0]
        if not here.intersects(shapely.box(window.column, window.row, window.right, window.bottom)):
            return None
        with rasterio.open(tile.path) as file:
            pixel = (self.grid.pixel_width, self.grid.pixel_height)
            values = read_resampled(file, numbers, pixel, grid, window)
        return window, _harmonise(values, list(numbers), tile.offset)


def _harmonise(values: np.ndarray, bands: Sequence[str], offset: int) -> np.ndarray:
    """Reflectance (band, y, x) with the offset added, at least 1 where there is data."""
    if offset:
        is_reflectance = [band not in CATEGORICAL_BANDS for band in bands]
        reflectance = values[is_reflectance]
        moved = np.maximum(reflectance.astype(np.int32) + offset, 1)
        values[is_reflectance] = np.where(reflectance > 0, moved, 0)
    return values


def _look_at(path: Path) -> Tile:
    """The facts of one file without its pixels; DataError where it cannot be used."""
    found = _TIME_IN_NAME.search(path.stem)
    if found is None:
        raise DataError(f"{path.name}: no sensing time in the name; it should end in _YYYYMMDDTHHMMSS.tif (UTC).")
    try:
        time = datetime.strptime(found.group(1), TIME_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        raise DataError(f"{path.name}: {found.group(1)} is not a time (YYYYMMDDTHHMMSS).") from None
    try:
        with rasterio.open(path) as file:
            crs, transform, shape = file.crs, file.transform, file.shape
            bands, dtypes = file.descriptions, set(file.dtypes)
            told = zip(file.descriptions, file.offsets, file.scales, strict=True)
            offsets = {round(offset / scale) for band, offset, scale in told if band not in CATEGORICAL_BANDS}
    except RasterioError as error:
        raise DataError(f"{path.name}: is not a raster that can be read.") from error
    if crs is None:
        raise DataError(f"{path.name}: has no CRS.")
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise DataError(f"{path.name}: is not north-up.")
    if not all(bands):
        raise DataError(f"{path.name}: its bands have no names; describe them as B02, B03 …")
    grid = PixelGrid(crs.to_string(), transform.c, transform.f, transform.a, -transform.e)
    if len(offsets) > 1:
        raise DataError(f"{path.name}: its bands have different offsets ({sorted(offsets)}).")
    facts = path.stat()
    identity = fingerprint(path.name, facts.st_size, facts.st_mtime_ns)
    return Tile(path, time, grid, Window(0, 0, *shape), bands, "/".join(sorted(dtypes)), offsets.pop(), identity)


def _differences(tiles: list[Tile]) -> list[str]:
    """What sets files apart from what most of them are: every file must fit the others."""
    usual_bands = _most_common([tile.bands for tile in tiles])
    usual = next(tile for tile in tiles if tile.bands == usual_bands)
    wrong = []
    for tile in tiles:
        lacking = [band for band in usual_bands if band not in tile.bands]
        if lacking:
            wrong.append(f"{tile.path.name}: lacks the band(s) {', '.join(lacking)} that the others have.")
        elif tile.bands != usual_bands:
            wrong.append(f"{tile.path.name}: has other bands than the others, or in another order.")
        if tile.dtype != "uint16":
            wrong.append(f"{tile.path.name}: its data type is {tile.dtype}, not uint16 (reflectance × 10000).")
        if not usual.grid.same_as(tile.grid):
            wrong.append(f"{tile.path.name}: lies on another grid than {usual.path.name} (CRS, pixel size or corner).")
    return wrong


def _most_common(values: list[tuple[str, ...]]) -> tuple[str, ...]:
    return max(dict.fromkeys(values), key=values.count)
