"""Sentinel Hub, the Copernicus Data Space Ecosystem, and other services with the same protocol."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from sentinelhub import CRS, BBox, MimeType, SentinelHubCatalog, SentinelHubRequest, SHConfig
from shapely.geometry.base import BaseGeometry

from ....errors import ParameterError
from ....grid.antimeridian import boxes
from ....grid.crs import read_crs
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.acquisitions import OfferedAcquisition, Readable
from ....store.fingerprints import fingerprint
from ..ledger import Ledger
from ..passes import Pass, group_passes, named_apart, read_item
from ..services import Limits, Price, Quota, Service, public_address
from ..traits import Traits
from .client import Client, Order
from .collections import Collection
from .connections import Answer
from .deployments import DEPLOYMENTS, Deployment, find_deployment
from .grids import COARSEST, EPSG_CODES
from .prices import WIDEST, price_of

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SLACK = timedelta(seconds=5)  # catalogues cut fractions of seconds off
_PAGE = 100


class SentinelHubSource:
    """Collections of one deployment, read with one account by sentinelhub-py."""

    kind = "sentinelhub"
    traits = Traits(selects=True, waits=True, cells=True, widest=WIDEST, coarsest=COARSEST, epsg_codes=EPSG_CODES)
    grid = None
    crs = "EPSG:4326"
    extent = None

    def __init__(self, service: Service, ledger: Ledger | None = None) -> None:
        """Raises ParameterError for an unknown collection; the account is looked up when it is needed."""
        self._service = service
        self._ledger = ledger
        find = self.deployment.find_collection
        self.collections = [find(name) for name in service.collections or ("sentinel-2-l1c",)]

    @property
    def imagery(self) -> str:
        """The address and the collections."""
        names = " + ".join(collection.id for collection in self.collections)
        return f"{public_address(self._config_without_account.sh_base_url)} {names}"

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[OfferedAcquisition]:
        """The passes of all collections over the area in the period, by time.

        Raises ParameterError if start or end is missing (a catalogue covers many years), or a collection begins later.
        """
        if start is None or end is None:
            raise ParameterError("Start and End (START, END) are needed to search the catalogue of a service.")
        for collection in self.collections:
            if collection.begins and start < collection.begins:
                raise ParameterError(
                    f"Start (START): {collection.id} of {self.deployment.label} begins on {collection.begins}, and the "
                    f"period starts on {start}. Choose a later START, or another SERVICE_URL."
                )
        found = [
            self._acquisition(collection, each, area)
            for collection in self.collections
            for each in self._passes(collection, start, end, area)
        ]
        return named_apart(found)

    def read(self, acquisition: Readable, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The mosaic of the pass (band, y, x) by one request; each pixel is the nearest measured one."""
        collection = self._collection_of(acquisition)
        left, bottom, right, top = grid.bounds(window)
        request = SentinelHubRequest(
            evalscript=collection.evalscript(bands),
            input_data=[self._input(collection, acquisition)],
            responses=[SentinelHubRequest.output_response("default", MimeType.TIFF)],
            bbox=BBox((left, bottom, right, top), CRS(read_crs(grid.crs).to_epsg())),
            size=(window.width, window.height),
            config=self._config_of(collection),
        )
        shape = (len(bands), *window.shape)
        order = Order(
            request.download_list[0],
            f"{collection.id} {acquisition.name} {left:.0f} {bottom:.0f} {right:.0f} {top:.0f} {'+'.join(bands)}",
            self.price(acquisition, bands, window).units,
            lambda answer: _pixels(answer, shape),
        )
        return _pixels(self.client.order(order), shape)

    def price(self, acquisition: Readable, bands: Sequence[str], window: Window) -> Price:
        """The price of reading the bands of a window, in one or more requests."""
        factor = self._collection_of(acquisition).unit_factor
        return sum((price_of(bands, part, factor) for part in window.tiles(WIDEST)), Price())

    def quota(self) -> Quota:
        """What the account has left; nothing is known if the service does not report it."""
        return self.client.quota()

    @property
    def limits(self) -> Limits | None:
        """The limits of a free account; None if they are not the same for all."""
        return self.deployment.limits

    def sign_in(self) -> None:
        """Raises ServiceError if the service does not accept the account, ParameterError if there is none."""
        self.client.sign_in()

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment: that of SERVICE_URL, or of the profile."""
        if self._service.url is not None:
            return find_deployment(self._service.url)
        return find_deployment(self._profile().sh_base_url)

    @cached_property
    def client(self) -> Client:
        """The client of the account; ParameterError if there is none."""
        config = self._config_without_account
        if not (config.sh_client_id and config.sh_client_secret):
            raise ParameterError(
                "Account (AUTH) is missing: the service needs the client id and secret of an OAuth client. Create one "
                "on the settings page of your account. In QGIS, choose an authentication configuration; elsewhere, set "
                "SH_CLIENT_ID and SH_CLIENT_SECRET, or save a profile with sentinelhub.config."
            )
        return Client(config, self._ledger)

    @cached_property
    def _config_without_account(self) -> SHConfig:
        """Addresses, and the account if the environment or the profile has one."""
        service, config = self._service, self._profile()
        if service.url is not None:
            config.sh_base_url, config.sh_token_url = self.deployment.base_url, self.deployment.token_url
        config.sh_token_url = service.token_url or config.sh_token_url
        for name, address in (("SERVICE_URL", config.sh_base_url), ("TOKEN_URL", config.sh_token_url)):
            if not address.startswith("https://"):
                raise ParameterError(
                    f"{name}: {public_address(address)!r} is not valid. Use {', '.join(DEPLOYMENTS)} or an address "
                    "that starts with https://."
                )
        config.max_download_attempts = 1  # the client itself repeats requests
        return config

    def _profile(self) -> SHConfig:
        try:
            return SHConfig(profile=self._service.account)
        except KeyError:
            raise ParameterError(
                f"Account (AUTH): sentinelhub-py's configuration {SHConfig.get_config_location()} has no profile "
                f"{self._service.account!r}."
            ) from None

    def _collection_of(self, acquisition: Readable) -> Collection:
        return self.deployment.collections[acquisition.facts["collection"]]

    def _config_of(self, collection: Collection) -> SHConfig:
        config = self._config_without_account
        if collection.base_url is not None:
            config = config.copy()
            config.sh_base_url = collection.base_url
        return config

    def _passes(self, collection: Collection, start: date, end: date, area: BaseGeometry) -> list[Pass]:
        catalogue = SentinelHubCatalog(config=self._config_of(collection))
        catalogue.client = self.client
        features = {
            str(feature["id"]): feature  # on both sides of ±180° once
            for box in boxes(area)
            for feature in catalogue.search(
                collection.id,
                time=(start.isoformat(), f"{end.isoformat()}T23:59:59"),
                bbox=BBox(box, CRS.WGS84),
                limit=_PAGE,
            )
        }
        return group_passes([read_item(feature) for id_, feature in features.items() if collection.takes(id_)])

    def _acquisition(self, collection: Collection, each: Pass, area: BaseGeometry) -> OfferedAcquisition:
        facts = {
            "collection": collection.id,
            "from": (each.first - _SLACK).strftime(_TIME),
            "to": (each.last + _SLACK).strftime(_TIME),
        }
        rule = ["whole pixels"] if collection.lacks_values else []
        identity = fingerprint(self.imagery, collection.id, collection.processing, each.platform, each.time, *rule)
        bands = tuple(collection.bands)
        return OfferedAcquisition(each.time, identity, bands, each.footprint, each.cloud_cover(area), facts=facts)

    def _input(self, collection: Collection, acquisition: Readable) -> dict[str, Any]:
        times = {"from": acquisition.facts["from"], "to": acquisition.facts["to"]}
        return {
            "type": collection.id,
            "dataFilter": {"timeRange": times, "mosaickingOrder": "mostRecent", **collection.data_filter},
            "processing": dict(collection.processing),
        }


def _pixels(answer: Answer, shape: tuple[int, int, int]) -> np.ndarray:
    """The bands (band, y, x) uint16 of an answer; ValueError if it is not what was requested."""
    kind = answer.headers.get("Content-Type", "")
    if not kind.startswith("image/tiff"):
        raise ValueError(f"its type is {kind or 'missing'}, not image/tiff")
    try:
        with MemoryFile(answer.content) as memory, memory.open() as file:
            if (file.count, *file.shape) != shape or set(file.dtypes) != {"uint16"}:
                found = f"{file.count} bands of {file.height} × {file.width} {'/'.join(set(file.dtypes))}"
                raise ValueError(f"it holds {found}, not {shape[0]} of {shape[1]} × {shape[2]} uint16")
            pixels: np.ndarray = file.read()
            return pixels
    except RasterioError as error:
        raise ValueError("its image is incomplete") from error
