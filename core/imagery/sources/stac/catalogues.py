"""The catalogues that SERVICE_URL knows by name. Standard library only: QGIS imports them for the help."""

from __future__ import annotations

from ....frozen import frozen
from ....registry import Registry


@frozen
class CatalogueRecord:
    """A public STAC API.

    `signing` is the address that gives tokens for the images of a storage account and container; empty if the images
    are public. `collections` are those of Sentinel-2 L2A, which are used unless others are named.
    """

    name: str
    label: str
    url: str
    collections: tuple[str, ...]
    signing: str = ""


# Sentinel-2 L2A, by preference: the first is processed alike throughout but has gaps, which the second fills.
LEVEL_2A = ("sentinel-2-c1-l2a", "sentinel-2-l2a")

EARTH_SEARCH = CatalogueRecord("earth-search", "Earth Search", "https://earth-search.aws.element84.com/v1", LEVEL_2A)
PLANETARY_COMPUTER = CatalogueRecord(
    "planetary-computer",
    "Microsoft Planetary Computer",
    "https://planetarycomputer.microsoft.com/api/stac/v1",
    ("sentinel-2-l2a",),
    signing="https://planetarycomputer.microsoft.com/api/sas/v1/token",
)
CATALOGUES = Registry("Service (SERVICE_URL)", (EARTH_SEARCH, PLANETARY_COMPUTER))


def catalogue_of(url: str) -> CatalogueRecord | None:
    """The record with this name or address."""
    return next((each for each in CATALOGUES.values() if url.rstrip("/") in (each.name, each.url)), None)
