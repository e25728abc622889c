"""What the numbers in an image mean: reflectance × 10000 as uint16, 0 where there is no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as FileWindow

from ...errors import DataError
from ...vocabulary.bands import CATEGORICAL_BANDS, MEASURED_BANDS
from .opening import GEOTIFF, open_image

# Sentinel-2 products can store reflectance down to -0.1, Landsat's down to -0.2; what is less was not measured.
_LOWEST = -2000.0


@dataclass(frozen=True)
class FileBand:
    """A band of a file: its name, its number from 1, and the meaning of its numbers.

    Reflectance × 10000 is the stored number × `scale` + `offset`; classes and bits are as stored. `no_data` and the
    `special` numbers of products have no data; they are declared elsewhere than in the file.
    """

    name: str
    number: int = 1
    scale: float = 1.0
    offset: float = 0.0
    no_data: float | None = None
    special: tuple[int, ...] = ()

    @property
    def is_categorical(self) -> bool:
        """Whether it holds classes or bits."""
        return self.name in CATEGORICAL_BANDS


def is_plain(file: DatasetReader, band: FileBand) -> bool:
    """Whether the band is uint8 or uint16 in which 0 and nothing else is no data."""
    declared = (file.nodatavals[band.number - 1], band.no_data)
    return (
        file.dtypes[band.number - 1] in ("uint8", "uint16")
        and all(value in (None, 0) for value in declared)
        and not _has_mask(file, band)
        and side_mask(file.name) is None
    )


def read_numbers(file: DatasetReader, bands: Sequence[FileBand], window: FileWindow | None = None) -> np.ndarray:
    """Bands (band, y, x) uint16 of a window of a file: reflectance × 10000 or classes, 0 where there is no data.

    There is no data where the number is 0, the declared value or not finite, where the mask says so, and where the
    reflectance is less than any product can store. Elsewhere reflectance is at least 1.
    """
    if all(is_plain(file, band) for band in bands):
        stored = file.read([band.number for band in bands], window=window)
        return np.stack([meaning(values, band) for values, band in zip(stored, bands, strict=True)])
    pixels = np.stack([meaning(read_stored(file, band, window), band) for band in bands])
    side = side_mask(file.name)
    if side is not None:
        pixels *= _read_mask(side, file, window)
    return pixels


def read_stored(file: DatasetReader, band: FileBand, window: FileWindow | None = None) -> np.ndarray:
    """The numbers (y, x) of a band as they are stored, 0 where they are declared no data or not finite."""
    values = file.read(band.number, window=window)
    has_data = np.isfinite(values)
    for declared in (file.nodatavals[band.number - 1], band.no_data):
        if declared is not None:
            has_data &= values != declared
    if _has_mask(file, band):
        has_data &= file.read_masks(band.number, window=window) > 0
    return np.where(has_data, values, 0)


def meaning(values: np.ndarray, band: FileBand) -> np.ndarray:
    """Reflectance × 10000 or classes as uint16 of stored numbers in which 0 is no data."""
    if band.is_categorical:
        return values.clip(0, 65535).astype(np.uint16)
    if values.dtype == np.uint16 and (band.scale, band.offset, band.special) == (1.0, 0.0, ()):
        return values
    reflectance = values * float(band.scale) + float(band.offset)
    has_data = (values != 0) & (reflectance >= _LOWEST)
    if band.special:
        has_data &= ~np.isin(values, band.special)
    return np.where(has_data, np.rint(reflectance).clip(1, 65535), 0).astype(np.uint16)


def has_data(values: np.ndarray, bands: Sequence[str]) -> np.ndarray:
    """(y, x) bool of (band, y, x): the pixels where all measured bands have data; of other bands, any."""
    measured = [band in MEASURED_BANDS for band in bands]
    if "SCL" in bands and "B10" in bands:  # L2A has no cirrus band; where there is one in a file, it is empty
        measured[list(bands).index("B10")] = False
    found: np.ndarray = np.all(values[measured], axis=0) if any(measured) else np.any(values, axis=0)
    return found


def _has_mask(file: DatasetReader, band: FileBand) -> bool:
    return MaskFlags.per_dataset in file.mask_flag_enums[band.number - 1]


def _read_mask(side: Path, file: DatasetReader, window: FileWindow | None) -> np.ndarray:
    """(y, x) bool: where the mask beside an image shows data; DataError if it cannot be used."""
    try:
        with open_image(side, GEOTIFF) as mask:
            if mask.shape == file.shape:
                shown: np.ndarray = mask.read(1, window=window) > 0
                return shown
            reason = "it has another size"
    except RasterioError as error:
        reason = str(error.__cause__ or error).rstrip(".")
    raise DataError(f"{side.name}, the mask of the image, cannot be read ({reason}). Delete it or write it anew.")


def side_mask(image: str | Path) -> Path | None:
    """The mask in a file beside an image, if there is one."""
    side = Path(f"{image}.msk")
    return side if side.is_file() else None
