"""The metadata of one Sentinel-2 product as delivered, a `.SAFE` folder or a `.zip` of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree  # see files.parse  # nosec B405

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ....errors import DataError
from ....grid.crs import reproject
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.fingerprints import fingerprint
from .files import ProductFiles, parse

LEVELS = {
    "L1C": ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"),
    "L2A": ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "SCL"),
}
_BAND_IDS = LEVELS["L1C"]  # the order of band_id in the metadata
_METADATA = re.compile(r"^(MTD_MSIL(1C|2A)|S2._(?:OPER|USER)_MTD_SAFL(1C|2A)_[^/]*)\.xml$")
_TILE_METADATA = re.compile(r"^GRANULE/([^/]+)/(MTD_TL|S2._(?:OPER|USER)_MTD_L.._TL_[^/]*)\.xml$")
_IMAGE = re.compile(
    r"^GRANULE/([^/]+)/IMG_DATA/(?:R(\d\d)m/)?[^/]*_(B\d[\dA]|SCL)(?:_L2A_TL_[^/]*)?(?:_(\d\d)m)?\.jp2$"
)
_TILE_NAME = re.compile(r"T(\d{2}[A-Z]{3})")
_PIXELS = {"B02": 10, "B03": 10, "B04": 10, "B08": 10, "B01": 60, "B09": 60, "B10": 60}
_USUAL_QUANTIFICATION = 10_000.0
_SATURATED = 65_535


@dataclass(frozen=True)
class Image:
    """The file of one band as GDAL opens it, and the size of its pixels (m).

    Reflectance × 10000 is the stored number × `scale` + `offset`, except `special` numbers, which are no data, as 0 is.
    """

    path: str
    pixel: int
    scale: float = 1.0
    offset: float = 0.0
    special: tuple[int, ...] = ()


@dataclass(frozen=True)
class Granule:
    """One tile of a product (a file or folder): its 10 m grid with the number of columns and rows, and its images."""

    product: str
    tile: str
    grid: PixelGrid
    width: int
    height: int
    images: Mapping[str, Image]


@dataclass(frozen=True)
class Product:
    """One product: level, satellite, start of the datatake (UTC), processing baseline, footprint (EPSG:4326), cloud
    cover (0 to 1) and granules."""

    name: str
    level: str
    platform: str
    time: datetime
    baseline: tuple[int, ...]
    footprint: BaseGeometry
    cloud_cover: float | None
    identity: str
    granules: tuple[Granule, ...]


def read_product(path: Path) -> Product:
    """The product; DataError with what is missing or wrong."""
    files = ProductFiles(path)
    found = [name for name in files.names if _METADATA.match(name)]
    if not found:
        raise DataError(f"{path.name}: has no metadata (MTD_MSIL1C.xml or MTD_MSIL2A.xml). Download it again.")
    text = files.read(found[0])
    root = parse(path, found[0], text)
    match = _METADATA.match(found[0])
    level = f"L{match.group(2) or match.group(3)}" if match else ""
    try:
        granules = tuple(_granules(path, files, level, root))
        return Product(
            files.product_name,
            level,
            _text(root, "SPACECRAFT_NAME").lower(),
            datetime.fromisoformat(_text(root, "DATATAKE_SENSING_START")[:19]).replace(tzinfo=timezone.utc),
            tuple(int(part) for part in _text(root, "PROCESSING_BASELINE").split(".")),
            _footprint(root, granules),
            _cloud_cover(root),
            fingerprint(files.product_name, text.decode("utf-8", "replace")),
            granules,
        )
    except (ArithmeticError, LookupError, ValueError) as error:
        raise DataError(f"{path.name}: its metadata are incomplete or wrong ({error}). Download it again.") from error


def _granules(path: Path, files: ProductFiles, level: str, root: ElementTree.Element) -> list[Granule]:
    images: dict[str, dict[str, tuple[int, str]]] = {}
    for name in files.names:
        found = _IMAGE.match(name)
        if found:
            band = found.group(3)
            pixel = int(found.group(2) or found.group(4) or _PIXELS.get(band, 20))
            own = images.setdefault(found.group(1), {})
            own[band] = min(own.get(band, (pixel, name)), (pixel, name))
    metadata = {match.group(1): match.group(0) for match in map(_TILE_METADATA.match, files.names) if match}
    if not metadata or images.keys() - metadata.keys():
        raise DataError(f"{path.name}: has no metadata of its tiles (MTD_TL.xml). Download it again.")
    offsets, scale = _radiometry(root, level)
    special = _special_values(root)
    granules = []
    for granule, name in metadata.items():
        here = images.get(granule, {})
        missing = [band for band in LEVELS[level] if band not in here]
        if missing:
            raise DataError(f"{path.name}: has no image of {', '.join(missing)} in {granule}. Download it again.")
        place = parse(path, name, files.read(name))
        made = {
            band: Image(files.for_gdal(file), pixel)
            if band == "SCL"
            else Image(files.for_gdal(file), pixel, scale, offsets.get(band, 0) * scale, special)
            for band, (pixel, file) in here.items()
            if band in LEVELS[level]
        }
        granules.append(_granule(path.name, granule, place, made))
    return granules


def _granule(product: str, name: str, place: ElementTree.Element, images: Mapping[str, Image]) -> Granule:
    size, corner = _of_10_m(place, "Size"), _of_10_m(place, "Geoposition")
    crs = _text(place, "HORIZONTAL_CS_CODE")
    left, top = float(_text(corner, "ULX")), float(_text(corner, "ULY"))
    grid = PixelGrid(crs, left, top, 10.0, 10.0)
    found = _TILE_NAME.search(name)
    tile = found.group(1) if found else name
    return Granule(product, tile, grid, int(_text(size, "NCOLS")), int(_text(size, "NROWS")), images)


def _of_10_m(place: ElementTree.Element, name: str) -> ElementTree.Element:
    for element in place.iter(name):
        if element.get("resolution") == "10":
            return element
    raise ValueError(f"{name} of 10 m")


def _radiometry(root: ElementTree.Element, level: str) -> tuple[dict[str, int], float]:
    """The offset of each band (products of baseline 04.00 and later), and the factor that makes numbers × 10000.

    Metadata of L2A may also have the offsets of the L1C product that it was made from.
    """
    offsets = {}
    for element in root.iter("RADIO_ADD_OFFSET" if level == "L1C" else "BOA_ADD_OFFSET"):
        number = int(element.get("band_id", "-1"))
        if not 0 <= number < len(_BAND_IDS):
            raise ValueError(f"band_id {number} of {element.tag}")
        offsets[_BAND_IDS[number]] = round(float(element.text or "0"))
    for name in ("QUANTIFICATION_VALUE", "BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE"):
        for element in root.iter(name):
            return offsets, _USUAL_QUANTIFICATION / float(element.text or "")
    raise ValueError("QUANTIFICATION_VALUE")


def _special_values(root: ElementTree.Element) -> tuple[int, ...]:
    """The numbers that are not reflectance: what the metadata declare (no data, saturated), and saturated pixels."""
    declared = {int(element.text or "0") for element in root.iter("SPECIAL_VALUE_INDEX")}
    return tuple(sorted(declared - {0} | {_SATURATED}))


def _cloud_cover(root: ElementTree.Element) -> float | None:
    found = root.find(".//Cloud_Coverage_Assessment")
    return float(found.text) / 100.0 if found is not None and found.text else None


def _footprint(root: ElementTree.Element, granules: tuple[Granule, ...]) -> BaseGeometry:
    """The footprint of the product, by default the extents of its tiles.

    The list holds latitude before longitude, in some products followed by a height.
    """
    if root.find(".//EXT_POS_LIST") is None:
        return shapely.union_all([_rectangle(granule) for granule in granules])
    numbers = [float(number) for number in _text(root, "EXT_POS_LIST").split()]
    step = 3 if len(numbers) % 2 or (len(numbers) % 3 == 0 and numbers[2] == 0.0) else 2
    return shapely.make_valid(shapely.Polygon(list(zip(numbers[1::step], numbers[0::step], strict=True))))


def _rectangle(granule: Granule) -> BaseGeometry:
    box = shapely.box(*granule.grid.bounds(Window(0, 0, granule.height, granule.width)))
    return reproject(np.array([box]), granule.grid.crs, "EPSG:4326")[0]


def _text(root: ElementTree.Element, name: str) -> str:
    for element in root.iter(name):
        if element.text:
            return element.text.strip()
    raise ValueError(name)
