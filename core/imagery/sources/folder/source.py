"""A folder of GeoTIFFs, one or more (tiles) per acquisition, named `<prefix>_<YYYYMMDDTHHMMSS>.tif` (UTC)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import shapely
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from shapely.geometry.base import BaseGeometry

from ....errors import DataError, ParameterError
from ....grid.crs import is_in_metres, reproject
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.acquisitions import OfferedAcquisition, Readable, is_between
from ....store.fingerprints import fingerprint
from ....vocabulary.plurals import counted
from ..band_names import standard_names
from ..declared import declared_bands, refuse_collection_2
from ..file_names import BAND_IN_NAME, NamedImage, read_name
from ..images import fill_gaps, grid_of, read_bands
from ..listing import visible
from ..numbers import FileBand, is_plain, side_mask
from ..opening import GEOTIFF, opened_image, refuse_side_file
from ..problems import raise_problems, read_each
from ..traits import Traits
from .grouping import Remarks, group_files

_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class ImageFile:
    """One file: the facts in its name, its bands and window of the folder's grid.

    `numbers` are its bands with the meaning of their numbers, from the file's own declarations. `identity` changes when
    the file does.
    """

    path: Path
    named: NamedImage
    grid: PixelGrid
    window: Window
    bands: tuple[str, ...]
    numbers: tuple[FileBand, ...]
    identity: str


@dataclass(frozen=True)
class FolderSource:
    """The files of one folder, which share grid and bands; `notes` are remarks for the user."""

    imagery: str
    grid: PixelGrid
    bands: tuple[str, ...]
    files: Mapping[datetime, tuple[ImageFile, ...]]
    notes: tuple[str, ...] = ()
    kind: str = "folder"
    traits: ClassVar[Traits] = Traits()

    @classmethod
    def open(cls, folder: Path, band_names: Sequence[str] = ()) -> FolderSource:
        """Check every GeoTIFF of the folder; DataError lists all that cannot be used, with the reasons.

        `band_names` are the bands in the order of the files, if these have no names or other ones.
        """
        if not folder.is_dir():
            raise ParameterError(f"Imagery (IMAGERY): there is no folder {folder}.")
        paths = [path for path in visible(folder) if path.suffix.lower() in _SUFFIXES]
        if not paths:
            raise DataError(f"The folder {folder} holds no GeoTIFF (*.tif). Add one file per acquisition.")
        try:
            by_hand = standard_names(band_names, by_hand=True)
        except DataError as error:
            raise ParameterError(f"Band names (BAND_NAMES): {error}") from error
        files, problems = read_each(paths, partial(_inspect, by_hand=by_hand))
        where = f"the imagery in {folder}"
        raise_problems([*problems, *_differences(files)], where)
        first = files[0]
        placed = [replace(file, window=file.window.moved(*first.grid.offset(file.grid))) for file in files]
        remarks = Remarks()
        acquisitions = group_files(placed, remarks)
        raise_problems(remarks.problems, where)
        return cls(str(folder.resolve()), first.grid, first.bands, acquisitions, remarks.notes)

    @property
    def crs(self) -> str:
        """The CRS of the files."""
        return self.grid.crs

    @property
    def extent(self) -> BaseGeometry:
        """The union of the extents of all files."""
        return self._footprint(file for files in self.files.values() for file in files)

    def _footprint(self, files: Iterable[ImageFile]) -> BaseGeometry:
        windows = {file.window for file in files}
        return shapely.union_all([shapely.box(*self.grid.bounds(window)) for window in windows])

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[OfferedAcquisition]:
        """The acquisitions of the period whose files intersect the area, by time; their cloud cover is unknown."""
        in_period = [
            OfferedAcquisition(time, fingerprint([file.identity for file in files]), self.bands, self._footprint(files))
            for time, files in self.files.items()
            if is_between(time, start, end)
        ]
        return [acquisition for acquisition in in_period if acquisition.footprint.intersects(area)]

    def read(self, acquisition: Readable, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The mosaic of the acquisition's files; where they overlap, the first one (by name) with data is used.

        Nothing is resampled on the folder's own grid; on others, reflectance is bilinear and SCL nearest neighbour.
        """
        pixels = np.zeros((len(bands), *window.shape), dtype=np.uint16)
        for image in self.files[acquisition.time]:
            if self._shows(image, grid, window) and not pixels.any(axis=0).all():
                fill_gaps(pixels, self._read_file(image, bands, grid, window), bands)
        return pixels

    def _shows(self, image: ImageFile, grid: PixelGrid, window: Window) -> bool:
        """Whether a file shows any of a window of any grid."""
        rectangle = np.array([shapely.box(*self.grid.bounds(image.window))])
        here = grid.to_pixels(reproject(rectangle, self.grid.crs, grid.crs))[0]
        return bool(here.intersects(shapely.box(window.column, window.row, window.right, window.bottom)))

    def _read_file(self, image: ImageFile, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        left, _, _, top = self.grid.bounds(image.window)
        own = replace(self.grid, left=left, top=top)
        try:
            with opened_image(image.path, GEOTIFF) as file:
                return read_bands(file, own, [image.numbers[self.bands.index(band)] for band in bands], grid, window)
        except RasterioError as error:
            reason = str(error.__cause__ or error).rstrip(".")
            raise DataError(f"{image.path.name} cannot be read; the file seems to be cut short ({reason}).") from error


def _inspect(path: Path, by_hand: Sequence[str]) -> ImageFile:
    """The facts of one file, without its pixels; DataError if it cannot be used."""
    named = read_name(path.stem, path.name)
    try:
        refuse_side_file(path)
        with opened_image(path, GEOTIFF) as file:
            grid, shape, bands = grid_of(file), file.shape, _bands(file, named, by_hand)
            numbers = declared_bands(file, bands)
            if named.platform.startswith("L"):
                refuse_collection_2(file, numbers)
            is_usual = is_in_metres(grid.crs) and all(b.scale == 1.0 and is_plain(file, b) for b in numbers)
    except RasterioError as error:
        raise DataError(f"{path.name}: is not a raster, or is damaged; only GeoTIFF is read.") from error
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from error
    made_of = [_facts(each) for each in (path, side_mask(path)) if each is not None]
    # Where the numbers are as in versions before, so is the identity: scenes that were read right are kept.
    is_usual = is_usual and not by_hand
    identity = fingerprint(*made_of[0]) if is_usual else fingerprint(made_of, [astuple(band) for band in numbers])
    return ImageFile(path, named, grid, Window(0, 0, *shape), bands, numbers, identity)


def _facts(path: Path) -> tuple[str, int, int]:
    """What changes with the content of a file."""
    facts = path.stat()
    return path.name, facts.st_size, facts.st_mtime_ns


def _bands(file: DatasetReader, named: NamedImage, by_hand: Sequence[str]) -> tuple[str, ...]:
    """The bands of a file: those given by hand, or those that its descriptions mean; DataError, without its name."""
    single = BAND_IN_NAME.search(Path(file.name).stem)
    if file.count == 1 and single and not by_hand:
        raise DataError(
            f"seems to be the band {single.group(1)} alone. One file for each band is not supported: put all bands of "
            "an acquisition into one file; for products as delivered set SOURCE to safe."
        )
    if by_hand and len(by_hand) != file.count:
        raise DataError(f"has {counted(file.count, 'band')}, but BAND_NAMES has {counted(len(by_hand), 'name')}.")
    return tuple(by_hand) or standard_names(file.descriptions, named.platform)


def _differences(files: list[ImageFile]) -> list[str]:
    """Files whose bands or grid differ from those of most files."""
    if not files:
        return []
    usual_bands = _most_common([file.bands for file in files])
    usual = next(file for file in files if file.bands == usual_bands)
    problems = []
    for file in files:
        missing = [band for band in usual_bands if band not in file.bands]
        if missing:
            problems.append(f"{file.path.name}: has no {', '.join(missing)}, unlike the other files.")
        elif file.bands != usual_bands:
            problems.append(f"{file.path.name}: has other bands than the other files, or another order of bands.")
        if not usual.grid.same_as(file.grid):
            problems.append(f"{file.path.name}: is on another grid than {usual.path.name} (CRS, pixel size or origin).")
    return problems


def _most_common(values: list[tuple[str, ...]]) -> tuple[str, ...]:
    return max(dict.fromkeys(values), key=values.count)
