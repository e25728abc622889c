"""Imagery without an account: any STAC API with Cloud Optimized GeoTIFFs, such as Earth Search."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import numpy as np
import rasterio
import shapely
from rasterio.errors import RasterioError
from shapely.geometry.base import BaseGeometry
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from ....errors import DataError, ParameterError, ServiceError
from ....grid.antimeridian import boxes
from ....grid.crs import reproject
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.acquisitions import OfferedAcquisition, Readable
from ....store.fingerprints import fingerprint
from ....vocabulary.plurals import listed
from ..images import fill_gaps, grid_of, read_bands
from ..numbers import FileBand
from ..opening import GEOTIFF, JPEG_2000, SAFE_OPTIONS, open_image
from ..passes import CatalogueItem, Pass, group_passes, named_apart, read_item
from ..retries import growing_wait
from ..services import Service
from ..traits import Traits
from .items import ORDER, images_of

EARTH_SEARCH = "https://earth-search.aws.element84.com/v1"
_PAGE = 100
_ATTEMPTS = 4
_FIRST_WAIT = 1.0
_OPEN_AT_A_TIME = 24
# For windows of remote files: folders are not listed, headers take one request, failed requests are repeated.
_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_CONNECTTIMEOUT": 15,
    "GDAL_HTTP_TIMEOUT": 120,
    "GDAL_HTTP_MAX_RETRY": 4,
    "GDAL_HTTP_RETRY_DELAY": 1,
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
}
_opened = threading.local()


@dataclass(frozen=True)
class StacSource:
    """Collections of one STAC API."""

    url: str
    collections: tuple[str, ...]
    kind: ClassVar[str] = "stac"
    traits: ClassVar[Traits] = Traits(selects=True, waits=True)
    grid: ClassVar[None] = None
    crs: ClassVar[str] = "EPSG:4326"
    extent: ClassVar[None] = None

    @property
    def imagery(self) -> str:
        """The address and the collections."""
        return f"{self.url} {' + '.join(self.collections)}"

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[OfferedAcquisition]:
        """The passes of the period over the area, by time.

        Raises ParameterError if start or end is missing, DataError for an unknown collection, and ServiceError if the
        API does not answer.
        """
        if start is None or end is None:
            raise ParameterError("Start and End (START, END) are needed to search the catalogue of a service.")
        found = [
            self._acquisition(collection, each, area)
            for collection in self.collections
            for each in group_passes(self._search(collection, start, end, area))
        ]
        return named_apart([item for item in found if item.bands])

    def read(self, acquisition: Readable, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The mosaic of the images of the pass; where they overlap, the first one (by id) with data is used.

        Only the pixels of the window are read. Pixels that coincide with the grid are unchanged; others are resampled,
        reflectance by bilinear interpolation, classes and bits by nearest neighbour.
        """
        pixels = np.zeros((len(bands), *window.shape), dtype=np.uint16)
        left, bottom, right, top = grid.bounds(window)
        here = reproject(np.array([shapely.box(left, bottom, right, top)]), grid.crs, self.crs)[0]
        for tile in acquisition.facts["tiles"]:
            if here.intersects(shapely.from_wkb(tile["footprint"])) and not pixels.any(axis=0).all():
                values = np.stack([_read(tile["images"][band], band, grid, window) for band in bands])
                fill_gaps(pixels, values, bands)
        return pixels

    def _search(self, collection: str, start: date, end: date, area: BaseGeometry) -> list[CatalogueItem]:
        """The items of all pages of the search, with their images."""
        import requests
        from pystac_client import Client
        from pystac_client.exceptions import APIError

        try:
            client = Client.open(self.url)
            items = [
                item
                for box in boxes(area)
                for item in client.search(
                    collections=[collection],
                    bbox=box,
                    datetime=f"{start.isoformat()}T00:00:00Z/{end.isoformat()}T23:59:59Z",
                    limit=_PAGE,
                ).items_as_dicts()
            ]
            items = list({item["id"]: item for item in items}.values())  # on both sides of ±180° once
            if not items:
                known = sorted(each.id for each in client.get_collections())
                if collection not in known:
                    raise DataError(
                        f"Collection (COLLECTION): {self.url} has no {collection!r}. It has "
                        f"{listed(known[:30], 'none')}."
                    )
            return [read_item(item, images_of(item)) for item in items]
        except (APIError, requests.RequestException, ValueError, KeyError) as error:
            raise ServiceError(
                f"{self.url} does not answer like a STAC API ({type(error).__name__}). Check SERVICE_URL, COLLECTION "
                f"({collection}) and the network."
            ) from error

    def _acquisition(self, collection: str, each: Pass, area: BaseGeometry) -> OfferedAcquisition:
        tiles = [{"footprint": shapely.to_wkb(item.footprint, hex=True), "images": item.facts} for item in each.items]
        bands = tuple(band for band in ORDER if all(band in item.facts for item in each.items))
        identity = fingerprint(self.imagery, [item.id for item in each.items])
        facts = {"collection": collection, "tiles": tiles}
        return OfferedAcquisition(each.time, identity, bands, each.footprint, each.cloud_cover(area), facts=facts)


def open_stac(service: Service) -> StacSource:
    """The API of SERVICE_URL, by default Earth Search; ParameterError if it is not an address."""
    url = (service.url or EARTH_SEARCH).rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise ParameterError(f"Service (SERVICE_URL): {url!r} is not the address of a STAC API (https://…).")
    return StacSource(url, service.collections or ("sentinel-2-l2a",))


def _read(image: Sequence[Any], band: str, grid: PixelGrid, window: Window) -> np.ndarray:
    """One band (y, x) of a window, in several attempts; DataError if all of them fail."""
    href, scale, offset, *no_data = image
    attempts = Retrying(
        retry=retry_if_exception(_may_pass),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=growing_wait(_FIRST_WAIT),
        reraise=True,
    )
    try:
        return attempts(_read_once, href, FileBand(band, 1, scale, offset, *no_data), grid, window)
    except DataError as error:
        raise DataError(f"{href.split('?')[0]}: {error}") from error
    except RasterioError as error:
        reason = str(error.__cause__ or error).split("?")[0].rstrip(".")
        raise DataError(f"{href.split('?')[0]} cannot be read ({reason}). Run again later.") from error


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, RasterioError) and "404" not in str(error.__cause__ or error)


def _read_once(href: str, band: FileBand, grid: PixelGrid, window: Window) -> np.ndarray:
    with _file(href) as file:
        values: np.ndarray = read_bands(file, grid_of(file), [band], grid, window)[0]
        return values


@contextmanager
def _file(href: str) -> Iterator[rasterio.DatasetReader]:
    """The image, kept open in this thread so that the next window needs no header; closed if reading fails."""
    held: OrderedDict[str, rasterio.DatasetReader] = _opened.__dict__.setdefault("files", OrderedDict())
    options = {**SAFE_OPTIONS, **_OPTIONS, "CPL_VSIL_CURL_ALLOWED_FILENAME": f"/vsicurl/{href}"}
    with rasterio.Env(**options, **_authority()):
        file = held.pop(href, None) or open_image(href, (*GEOTIFF, *JPEG_2000))
        try:
            yield file
        except RasterioError:
            file.close()
            raise
        held[href] = file
        if len(held) > _OPEN_AT_A_TIME:
            held.popitem(last=False)[1].close()


def _authority() -> dict[str, str]:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    return {"CURL_CA_BUNDLE": bundle} if bundle else {}
