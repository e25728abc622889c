"""Opening images of others: only as the formats expected, and without anything that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from ...errors import DataError

GEOTIFF = ("GTiff",)
JPEG_2000 = ("JP2OpenJPEG",)

# A genuine GeoTIFF can lead to other files and addresses: by an .aux.xml, .msk or .ovr beside it, which GDAL opens with
# any driver, or by its own tags. A virtual raster behind these could run Python where the environment allows it.
SAFE_OPTIONS = {
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
}
# Declarations in an .aux.xml that change what the numbers mean
_DECLARATIONS = ("NoDataValue", "Scale", "Offset")


def open_image(path: str | Path, drivers: Sequence[str]) -> DatasetReader:
    """An image opened with one of the drivers, whatever its extension; to be used with `SAFE_OPTIONS` in force.

    Raises RasterioError if no driver can open it, and DataError, without the image's name, if it leads to another file.
    """
    for driver in drivers[:-1]:
        try:
            return _without_links(rasterio.open(path, driver=driver))
        except RasterioError:
            continue
    return _without_links(rasterio.open(path, driver=drivers[-1]))


@contextmanager
def opened_image(path: str | Path, drivers: Sequence[str]) -> Iterator[DatasetReader]:
    """An image on this machine, as `open_image` opens it; nothing else is read, and no network is used."""
    with rasterio.Env(**SAFE_OPTIONS), open_image(path, drivers) as file:
        yield file


def refuse_side_file(path: Path) -> None:
    """Raise DataError if the .aux.xml beside an image declares what its numbers mean: it is not read."""
    side = path.with_name(f"{path.name}.aux.xml")
    if not side.is_file():
        return
    text = side.read_bytes()
    found = [name for name in _DECLARATIONS if f"<{name}>".encode() in text]
    if found:
        raise DataError(
            f"{side.name} declares {', '.join(found)}, but only the image itself is read. Write it into "
            f"the image: gdal_translate {path.name} new.tif."
        )


def _without_links(file: DatasetReader) -> DatasetReader:
    target = file.tags(ns="OVERVIEWS").get("OVERVIEW_FILE")
    if target is None:
        return file
    file.close()
    raise DataError(
        f"its overviews are in another file ({target[:80]}), which is not read. Remove the tag OVERVIEW_FILE."
    )
