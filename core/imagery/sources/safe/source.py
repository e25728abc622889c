"""Sentinel-2 products as delivered: L1C or L2A, `.SAFE` folders and zips, read from their JPEG 2000 images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import shapely
from rasterio.errors import RasterioError
from shapely.geometry.base import BaseGeometry

from ....errors import DataError, ParameterError
from ....grid.crs import reproject
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.acquisitions import OfferedAcquisition, Readable, is_between
from ....store.fingerprints import fingerprint
from ..images import fill_gaps, read_bands
from ..listing import visible
from ..numbers import FileBand
from ..opening import JPEG_2000, opened_image
from ..passes import OLDER_LEFT_OUT, CatalogueItem, Pass, named_apart
from ..problems import raise_problems, read_each
from ..traits import Traits
from .product import LEVELS, Granule, Product, read_product


@dataclass(frozen=True)
class SafeSource:
    """The products of one folder, all of one level; those of one datatake are one acquisition."""

    imagery: str
    grid: PixelGrid
    extent: BaseGeometry
    bands: tuple[str, ...]
    acquisitions: tuple[OfferedAcquisition, ...]
    granules: Mapping[datetime, tuple[Granule, ...]]
    kind: ClassVar[str] = "safe"
    crs: ClassVar[str] = "EPSG:4326"
    traits: ClassVar[Traits] = Traits(selects=True)

    @classmethod
    def open(cls, folder: Path) -> SafeSource:
        """Read the metadata of every product; DataError lists all that cannot be used, with the reasons."""
        if not folder.is_dir():
            raise ParameterError(f"Imagery (IMAGERY): there is no folder {folder}.")
        paths, problems = _paths(folder)
        if not paths and not problems:
            raise DataError(f"The folder {folder} holds no Sentinel-2 product (*.SAFE or *.zip).")
        products, unreadable = read_each(paths, read_product)
        problems += unreadable
        levels = sorted({product.level for product in products})
        if len(levels) > 1:
            problems.append(f"The folder has products of {' and '.join(levels)}. Move each level to its own folder.")
        raise_problems(problems, f"the products in {folder}")
        # If a zip lies beside its unpacked folder, the folder is used: it sorts first and is read faster.
        by_name = {product.name: product for product in _newest(products[::-1])}
        passes = _datatakes(by_name.values())
        granules = {each.time: _by_tile([by_name[item.id] for item in each.items]) for each in passes}
        places = Counter(granule.grid.crs for tiles in granules.values() for granule in tiles)
        zone = min(places, key=lambda crs: (-places[crs], crs))
        first = next(granule for tiles in granules.values() for granule in tiles if granule.grid.crs == zone)
        extent = shapely.union_all([each.footprint for each in passes])
        bands = LEVELS[levels[0]]
        kept = {name: len(product.granules) for name, product in by_name.items()}
        older = {product.time for product in products if kept.get(product.name, 0) < len(product.granules)}
        acquisitions = tuple(_acquisition(each, by_name, bands, older) for each in passes)
        return cls(str(folder.resolve()), first.grid.recounted(), extent, bands, acquisitions, granules)

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[OfferedAcquisition]:
        """The acquisitions of the period whose products intersect the area."""
        return [
            item for item in self.acquisitions if is_between(item.time, start, end) and item.footprint.intersects(area)
        ]

    def read(self, acquisition: Readable, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The mosaic of the datatake's tiles; where they overlap, the first one (by name) with data is used.

        Tiles in the UTM zone of the grid come first, to avoid resampling. Bands that coincide with the grid are
        unchanged; others, such as those of 20 m and 60 m, are resampled, reflectance by bilinear interpolation and
        classes by nearest neighbour. A pixel has data where all bands have data.
        """
        pixels = np.zeros((len(bands), *window.shape), dtype=np.uint16)
        for granule in sorted(self.granules[acquisition.time], key=lambda each: each.grid.crs != grid.crs):
            if _intersects(granule, grid, window) and not pixels.any(axis=0).all():
                fill_gaps(pixels, np.stack([_read_image(granule, band, grid, window) for band in bands]), bands)
        return pixels


def _paths(folder: Path) -> tuple[list[Path], list[str]]:
    """The products of the folder, also each in a folder of its own as Windows unpacks a zip, and what is wrong."""
    if folder.suffix == ".SAFE":
        return [folder], []
    unpacked = [path for each in visible(folder) if each.is_dir() and each.suffix != ".SAFE" for path in visible(each)]
    found = [path for path in visible(folder) if path.suffix in (".SAFE", ".zip", ".zarr")]
    found += [path for path in unpacked if path.suffix == ".SAFE"]
    zarr = [path for path in found if ".zarr" in path.suffixes]
    problems = [
        f"{path.name}: products in the Zarr format cannot be read. Download it in the SAFE format." for path in zarr
    ]
    return sorted(path for path in found if path not in zarr), problems


def _newest(products: Sequence[Product]) -> list[Product]:
    """The products with only those granules that have the newest processing baseline of their tile and datatake.

    Several products may have that baseline: if a datatake was downlinked in two strips, each holds a part of the tile.
    """
    newest: dict[tuple[str, datetime, str], tuple[int, ...]] = {}
    for product in products:
        for granule in product.granules:
            key = product.platform, product.time, granule.tile
            newest[key] = max(newest.get(key, ()), product.baseline)
    newest_only = [
        replace(
            product,
            granules=tuple(
                granule
                for granule in product.granules
                if newest[product.platform, product.time, granule.tile] == product.baseline
            ),
        )
        for product in products
    ]
    return [product for product in newest_only if product.granules]


def _datatakes(products: Iterable[Product]) -> list[Pass]:
    """The passes by the start of their datatake; product names differ between the old and the new naming."""
    items: dict[tuple[datetime, str], list[CatalogueItem]] = {}
    for each in sorted(products, key=lambda product: product.name):
        item = CatalogueItem(each.name, each.time, each.platform, each.footprint, each.cloud_cover)
        items.setdefault((each.time, each.platform), []).append(item)
    return named_apart(Pass(time, platform, tuple(members)) for (time, platform), members in items.items())


def _by_tile(products: list[Product]) -> tuple[Granule, ...]:
    """The granules of products by tile; within a tile, those of the last product come first."""
    return tuple(
        sorted((granule for each in reversed(products) for granule in each.granules), key=lambda granule: granule.tile)
    )


def _acquisition(
    each: Pass, products: Mapping[str, Product], bands: tuple[str, ...], older: Set[datetime]
) -> OfferedAcquisition:
    """The acquisition of a pass; `older` are the datatakes of which older processings are left out."""
    used = [products[item.id] for item in each.items]
    identity = fingerprint([product.identity for product in used])
    remarks = (OLDER_LEFT_OUT,) if older & {product.time for product in used} else ()
    cover = each.cloud_cover(each.footprint)
    return OfferedAcquisition(each.time, identity, bands, each.footprint, cover, remarks=remarks)


def _intersects(granule: Granule, grid: PixelGrid, window: Window) -> bool:
    rectangle = np.array([shapely.box(*granule.grid.bounds(Window(0, 0, granule.height, granule.width)))])
    here = grid.to_pixels(reproject(rectangle, granule.grid.crs, grid.crs))[0]
    return bool(here.intersects(shapely.box(window.column, window.row, window.right, window.bottom)))


def _read_image(granule: Granule, band: str, grid: PixelGrid, window: Window) -> np.ndarray:
    """One band (y, x) uint16 of a window of any grid: reflectance × 10000 or class, 0 = no data."""
    image = granule.images[band]
    own = replace(granule.grid, pixel_width=float(image.pixel), pixel_height=float(image.pixel))
    try:
        with opened_image(image.path, JPEG_2000) as file:
            numbers = FileBand(band, 1, image.scale, image.offset, special=image.special)
            values: np.ndarray = read_bands(file, own, [numbers], grid, window)[0]
            return values
    except DataError as error:
        raise DataError(f"{granule.product}: {Path(image.path).name}: {error}") from error
    except RasterioError as error:
        name = Path(image.path).name
        raise DataError(
            f"{granule.product}: {name} cannot be read; the product seems to be damaged. Download it again."
        ) from error
