"""What a file declares about the numbers of its bands, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rasterio.io import DatasetReader
from rasterio.windows import Window as FileWindow

from ...errors import DataError
from ...vocabulary.bands import MEASURED_BANDS, RADAR_BANDS
from .numbers import FileBand, read_stored

_WHOLE_NUMBERS = ("uint16", "int16", "uint32", "int32")
_FLOATS = ("float32", "float64")
_USUAL = 10_000.0
_REMEDY = "Declare them in the file: gdal_edit.py -scale 0.0001 -offset 0 if the numbers are reflectance × 10000."

# Scales of reflectance that products have; more would be percent or reflectance × 10000 declared once more.
_SCALES = (1e-6, 1e-3)

# Reflectance 0 to 1: snow, clouds and glint exceed 1; numbers × 10000 that low are no land.
_UNIT = (-0.2, 2.0)
_LOWEST_OF_COLLECTION_2 = 7000
_FILL = -999.0  # values below are no data, declared or not
_SAMPLE = 256  # pixels
_SAMPLES_ALONG = 3


def declared_bands(file: DatasetReader, names: Sequence[str]) -> tuple[FileBand, ...]:
    """The bands of a file with the meaning of their numbers; DataError, without the file's name, where it is unclear.

    Scale and offset of GDAL make reflectance from 0 to 1. Without them, whole numbers are reflectance × 10000, to which
    an offset alone is added as it is; floating-point numbers are reflectance if their values show it.
    """
    bands = [_declared(file, number, name) for number, name in enumerate(names, start=1)]
    meanings = {(band.scale, band.offset) for band in bands if band.name in MEASURED_BANDS}
    undeclared = [
        band.name
        for band in bands
        if band.name in MEASURED_BANDS and (file.scales[band.number - 1], file.offsets[band.number - 1]) == (1.0, 0.0)
    ]
    if len(meanings) > 1 and undeclared:
        raise DataError(f"declares no scale and offset of {', '.join(undeclared)}, unlike its other bands. {_REMEDY}")
    return tuple(bands)


def refuse_collection_2(file: DatasetReader, bands: Sequence[FileBand]) -> None:
    """Raise DataError, without the file's name, if the numbers of a Landsat file are those of Collection 2.

    There, reflectance is the number × 0.0000275 minus 0.2, so that land has no number below 7273.
    """
    for band in bands:
        if band.name not in MEASURED_BANDS or band.scale != 1.0 or band.offset:
            continue
        values = _sample(file, band)
        lowest = np.quantile(values, 0.01) if values.size else 0.0
        if lowest > _LOWEST_OF_COLLECTION_2:
            raise DataError(
                f"its band {band.name} has numbers from {lowest:,.0f}, as Landsat Collection 2 has them, and declares "
                "no scale and offset. Declare them in the file: gdal_edit.py -scale 0.0000275 -offset -0.2, or -scale "
                "0.0001 -offset 0 if the numbers are reflectance × 10000."
            )


def _declared(file: DatasetReader, number: int, name: str) -> FileBand:
    if name not in MEASURED_BANDS:
        return FileBand(name, number)
    dtype, scale, offset = file.dtypes[number - 1], file.scales[number - 1], file.offsets[number - 1]
    if name in RADAR_BANDS:
        if (dtype, scale, offset) != ("uint16", 1.0, 0.0):
            raise DataError(f"its data type is {dtype}, not uint16 (decibel × 1000 + 50000).")
        return FileBand(name, number)
    if dtype not in (*_WHOLE_NUMBERS, *_FLOATS):
        raise DataError(
            f"its data type is {dtype}, not uint16 (reflectance × 10000); such numbers are made for display. Use the "
            "original imagery."
        )
    if (scale, offset) == (1.0, 0.0):
        is_unit = dtype in _FLOATS and _is_unit(file, FileBand(name, number))
        return FileBand(name, number, _USUAL if is_unit else 1.0)
    if dtype in _WHOLE_NUMBERS and scale == 1.0 and 1.0 <= abs(offset) <= _USUAL:
        return FileBand(name, number, 1.0, offset)
    if not (_SCALES[0] <= scale <= _SCALES[1] and abs(offset) <= 1.0) and not (dtype in _FLOATS and scale == 1.0):
        raise DataError(
            f"its band {name} declares scale {scale:g} and offset {offset:g}, which do not make reflectance from 0 to "
            f"1. {_REMEDY}"
        )
    return FileBand(name, number, _six_digits(scale * _USUAL), _six_digits(offset * _USUAL))


def _is_unit(file: DatasetReader, band: FileBand) -> bool:
    """Whether floating-point numbers are reflectance from 0 to 1, by their values; DataError if they are not.

    Without any data either answer is right.
    """
    values = _sample(file, band)
    if values.size == 0:
        return True
    low, high = np.quantile(values, (0.01, 0.99))
    if _UNIT[0] <= low and high <= _UNIT[1]:
        return True
    raise DataError(
        f"its data type is {file.dtypes[band.number - 1]}, not uint16, with values from {low:.4g} to {high:.4g}, and "
        f"no scale and offset. {_REMEDY}"
    )


def _sample(file: DatasetReader, band: FileBand) -> np.ndarray:
    """Some values with data, of places all over the file; if these have none, of the first block with any."""
    height, width = min(file.height, _SAMPLE), min(file.width, _SAMPLE)
    rows = np.linspace(0, file.height - height, _SAMPLES_ALONG, dtype=int).tolist()
    columns = np.linspace(0, file.width - width, _SAMPLES_ALONG, dtype=int).tolist()
    windows = [FileWindow(column, row, width, height) for row in rows for column in columns]
    found = np.concatenate([_values(file, band, window) for window in windows])
    if found.size:
        return found
    blocks = (_values(file, band, window) for _, window in file.block_windows(band.number))
    return next((values for values in blocks if values.size), found)


def _values(file: DatasetReader, band: FileBand, window: FileWindow) -> np.ndarray:
    values = read_stored(file, band, window).ravel()
    found: np.ndarray = values[(values != 0) & (values > _FILL)]
    return found


def _six_digits(number: float) -> float:
    """The number with six digits: files hold 1e-4 also as 9.999999747e-05, its float32."""
    return float(f"{number:.6g}") if math.isfinite(number) else number
