"""Imagery without an account: any STAC API with Cloud Optimized GeoTIFFs, such as Earth Search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

import numpy as np
import shapely
from rasterio.io import DatasetReader
from shapely.geometry.base import BaseGeometry

from ....errors import DataError, ParameterError
from ....grid.antimeridian import boxes
from ....grid.crs import reproject
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.acquisitions import OfferedAcquisition, Readable
from ....store.fingerprints import fingerprint
from ....vocabulary.plurals import listed
from ..images import fill_gaps, grid_of, read_bands
from ..numbers import FileBand
from ..passes import OLDER_LEFT_OUT, CatalogueItem, Pass, group_passes, named_apart, read_item
from ..services import Service, public_address
from ..traits import Traits
from .api import Api, RefusedError
from .assets import Assets
from .catalogues import CATALOGUES, EARTH_SEARCH, LEVEL_2A, catalogue_of
from .items import ORDER, doubtful_offset
from .offsets import settled
from .reading import ImageReader
from .searching import collections_of, search
from .signing import signer_of

_CONNECTIONS = 8
_RARE = {"B01", "B09", "B10"}  # of 60 m: an item without them is not replaced by one of another collection


@dataclass(frozen=True)
class StacSource:
    """Collections of one STAC API; `tokens` is the address of the tokens for its images, empty if they are public.

    Sentinel-2 L2A of two collections is one imagery: each scene is of the first that has it with all its bands.
    """

    url: str
    collections: tuple[str, ...]
    tokens: str = ""
    kind: ClassVar[str] = "stac"
    traits: ClassVar[Traits] = Traits(selects=True, waits=True)
    grid: ClassVar[None] = None
    crs: ClassVar[str] = "EPSG:4326"
    extent: ClassVar[None] = None

    @property
    def imagery(self) -> str:
        """The address and the collections."""
        return f"{public_address(self.url)} {' + '.join(self.collections)}"

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[OfferedAcquisition]:
        """The passes of the period over the area, by time.

        Raises ParameterError if start or end is missing, DataError for an unknown collection and for images that
        cannot be read without an account, and ServiceError if the API does not answer or gives addresses that are not
        on the web.
        """
        if start is None or end is None:
            raise ParameterError("Start and End (START, END) are needed to search the catalogue of a service.")
        level_2a = tuple(name for name in LEVEL_2A if name in self.collections)
        groups = [level_2a, *((name,) for name in self.collections if name not in level_2a)]
        found = self._search_all([name for group in groups for name in group], start, end, area)
        passes = [each for group in groups for each in group_passes(item for name in group for item in found[name])]
        return named_apart(
            [item for item in (self._acquisition(each, area) for each in self._settled(passes)) if item.bands]
        )

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
                values = np.stack([self._read(tile, band, grid, window) for band in bands])
                fill_gaps(pixels, values, bands)
        return pixels

    @property
    def _assets(self) -> Assets:
        return Assets(Api(self.url))

    @property
    def _images(self) -> ImageReader:
        return ImageReader(Api(self.url), signer_of(self.tokens))

    def _search_all(
        self, collections: Sequence[str], start: date, end: date, area: BaseGeometry
    ) -> dict[str, list[CatalogueItem]]:
        """The items of each collection, with their images; none of a collection that the API does not have."""
        found: dict[str, list[CatalogueItem]] = {}
        refusals = []
        for name in collections:
            try:
                features = search(Api(self.url), name, start, end, boxes(area))
            except RefusedError as error:
                if error.status not in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):
                    raise
                refusals.append(error)
                features = []
            found[name] = [self._item(name, feature) for feature in features]
        if len(refusals) == len(collections):
            raise refusals[0]
        if not any(found.values()):
            self._require_collections()
        return found

    def _item(self, collection: str, feature: Mapping[str, Any]) -> CatalogueItem:
        try:
            facts = {**self._assets.tile_of(collection, feature), "doubt": doubtful_offset(feature)}
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise DataError(f"The catalogue's item {feature.get('id')} cannot be read ({error}).") from error
        preference = len(LEVEL_2A) - LEVEL_2A.index(collection) if collection in LEVEL_2A else 0
        return read_item(feature, facts, (len(facts["images"].keys() - _RARE), preference))

    def _require_collections(self) -> None:
        """Raise DataError if the API has none of the collections."""
        known = collections_of(Api(self.url))
        if known and not set(known) & set(self.collections):
            names = " or ".join(repr(name) for name in self.collections)
            raise DataError(
                f"Collection (COLLECTION): {public_address(self.url)} has no {names}. It has "
                f"{listed(known[:30], 'none')}."
            )

    def _settled(self, passes: Sequence[Pass]) -> list[Pass]:
        """The passes, with the doubts about offsets settled by the pixels."""
        items = [item for each in passes for item in each.items]
        doubtful = {_key(item): item for item in items if item.facts["doubt"] is not None}
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            tiles = pool.map(partial(settled, self._assets, self._images), [item.facts for item in doubtful.values()])
            known = dict(zip(doubtful, tiles, strict=True))
        return [
            replace(each, items=tuple(replace(item, facts=known.get(_key(item), item.facts)) for item in each.items))
            for each in passes
        ]

    def _acquisition(self, each: Pass, area: BaseGeometry) -> OfferedAcquisition:
        tiles = [
            {"footprint": shapely.to_wkb(item.footprint, hex=True), **_without_doubt(item.facts)} for item in each.items
        ]
        bands = tuple(band for band in ORDER if all(band in tile["images"] for tile in tiles))
        changed = {tile["id"]: tile["changed_offset"] for tile in tiles if "changed_offset" in tile}
        identity = fingerprint(self.imagery, [item.id for item in each.items], *([changed] if changed else []))
        facts = {"collection": tiles[0]["collection"], "tiles": tiles}
        remarks, warnings = self._remarks(each)
        cover = each.cloud_cover(area)
        return OfferedAcquisition(each.time, identity, bands, each.footprint, cover, facts, remarks, warnings)

    def _remarks(self, each: Pass) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Remarks and warnings about the scenes of a pass."""
        used = {item.facts["collection"] for item in each.items}
        remarks = [OLDER_LEFT_OUT] if any(item.facts["collection"] in used for item in each.older) else []
        if LEVEL_2A[0] in self.collections and LEVEL_2A[1] in used:
            remarks.append(f"some scenes or bands are missing in {LEVEL_2A[0]} and come from {LEVEL_2A[1]}")
        said = dict.fromkeys(item.facts["offset"] for item in each.items if "changed_offset" in item.facts)
        doubts = dict.fromkeys(item.facts["offset"] for item in each.items if item.facts.get("is_undecided"))
        return (*remarks, *said), tuple(doubts)

    def _read(self, tile: Mapping[str, Any], band: str, grid: PixelGrid, window: Window) -> np.ndarray:
        """One band (y, x) of a window."""

        _, scale, offset, *no_data = tile["images"][band]
        numbers = FileBand(band, 1, scale, offset, *no_data)

        def read(file: DatasetReader) -> np.ndarray:
            values: np.ndarray = read_bands(file, grid_of(file), [numbers], grid, window)[0]
            return values

        return self._images.read(self._assets.address_of(tile, band), read)


def open_stac(service: Service) -> StacSource:
    """The API of SERVICE_URL, a name or an address, by default Earth Search; ParameterError if it is neither."""
    url = (service.url or EARTH_SEARCH.name).rstrip("/")
    record = catalogue_of(url)
    if record is None and not url.startswith(("https://", "http://")):
        raise ParameterError(
            f"Service (SERVICE_URL): {public_address(url)!r} is not the address of a STAC API (https://…), nor one of "
            f"{', '.join(CATALOGUES)}."
        )
    if record is None:
        return StacSource(url, service.collections or LEVEL_2A)
    return StacSource(record.url, service.collections or record.collections, record.signing)


def _key(item: CatalogueItem) -> tuple[str, str]:
    return item.facts["collection"], item.id


def _without_doubt(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in ("doubt", "is_undecided")}
