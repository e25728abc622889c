"""Which image gives a band of an item, and its address, which may be signed and is not stored then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ....errors import DataError
from ..services import public_address
from .addresses import link_of, web_address
from .api import Api
from .items import images_of, in_bucket
from .searching import item_address, item_of

# Addresses with a query, by API, collection, item and band. They are secret and end: the catalogue gives new ones.
_full_addresses: dict[tuple[str, str, str, str], str] = {}


@dataclass(frozen=True)
class Assets:
    """The images of one API."""

    api: Api

    def tile_of(self, collection: str, feature: Mapping[str, Any]) -> dict[str, Any]:
        """The facts of an item that reading needs: id, collection and, by band, address, scale and offset.

        Raises DataError if all its images are in storage that needs an account, and ServiceError if an address is not
        on the web.
        """
        name = str(feature.get("id", ""))
        images = images_of(feature)
        open_images = {band: image for band, image in images.items() if not in_bucket(image[0])}
        if images and not open_images:
            scheme = next(iter(images.values()))[0].partition("://")[0]
            raise DataError(
                f"The images of {name} in {collection} are in storage that needs an account ({scheme}://…); the "
                f"catalogue {self.api.public} gives no https:// address for them. Choose another COLLECTION or "
                "SERVICE_URL, such as planetary-computer."
            )
        own = link_of(feature, "self") or {}
        base = item_address(self.api, collection, name)
        base = web_address(own.get("href") or base, base, self.api.url)
        tile: dict[str, Any] = {"id": name, "collection": collection, "images": {}}
        for band, (href, *numbers) in open_images.items():
            address = web_address(href, base, self.api.url)
            tile["images"][band] = [public_address(address), *numbers]
            if address != public_address(address):
                tile["signed"] = True
                _full_addresses[self.api.url, collection, name, band] = address
        return tile

    def address_of(self, tile: Mapping[str, Any], band: str) -> str:
        """The address of an image, as the catalogue gave it in this run, or gives it now."""
        if tile.get("signed"):
            key = self.api.url, tile["collection"], tile["id"], band
            if key not in _full_addresses:
                self.tile_of(tile["collection"], item_of(self.api, tile["collection"], tile["id"]))
            if key in _full_addresses:
                return _full_addresses[key]
        href = tile["images"][band][0]
        return web_address(href, href, self.api.url)
