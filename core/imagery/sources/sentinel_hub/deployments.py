"""The deployments of the service: their addresses, their collections, and the limits of free accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ....errors import ParameterError
from ..services import Limits
from .collections import COLLECTIONS, Collection
from .failures import host_of


@dataclass(frozen=True)
class Deployment:
    """One deployment: its name for people, base and sign-in addresses, and its collections by id.

    `limits` are those of a free account, None if there are none that all accounts have in common.
    """

    label: str
    base_url: str
    token_url: str
    collections: Mapping[str, Collection]
    limits: Limits | None = None

    def find_collection(self, name: str) -> Collection:
        """The collection with this id; ParameterError if the deployment does not offer it."""
        if name in self.collections:
            return self.collections[name]
        offered = ", ".join(self.collections)
        if name in COLLECTIONS:
            raise ParameterError(
                f"Collection (COLLECTION): {self.label} does not offer {name!r}; it offers {offered}. Choose one of "
                "these, or another SERVICE_URL."
            )
        raise ParameterError(f"Collection (COLLECTION): {name!r} is not one of {offered}.")


def _of_copernicus() -> dict[str, Collection]:
    """The collections of the Copernicus Data Space, all at its own address: no CLP, no Landsat level 2."""
    own = {}
    for name in ("sentinel-2-l1c", "sentinel-2-l2a", "landsat-ot-l1", "sentinel-1-grd"):
        bands = {band: theirs for band, theirs in COLLECTIONS[name].bands.items() if band != "CLP"}
        own[name] = replace(COLLECTIONS[name], bands=bands, base_url=None)
    own["landsat-ot-l1"] = replace(own["landsat-ot-l1"], begins=date(2021, 1, 1))
    return own


_REALM = "auth/realms/main/protocol/openid-connect/token"
_MAIN = "https://services.sentinel-hub.com"
DEPLOYMENTS = {
    "sentinelhub": Deployment("Sentinel Hub", _MAIN, f"{_MAIN}/{_REALM}", COLLECTIONS),
    "cdse": Deployment(
        "the Copernicus Data Space Ecosystem",
        "https://sh.dataspace.copernicus.eu",
        "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",
        _of_copernicus(),
        Limits(per_month=10_000, per_minute=300),
    ),
}


def find_deployment(url: str) -> Deployment:
    """The deployment with this name or base address; any other address is a deployment of its own."""
    base = url.rstrip("/")
    for name, deployment in DEPLOYMENTS.items():
        if base in (name, deployment.base_url):
            return deployment
    everywhere = {name: replace(each, base_url=None) for name, each in COLLECTIONS.items()}
    return Deployment(host_of(base), base, f"{base}/{_REALM}", everywhere)
