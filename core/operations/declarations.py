"""Parameters that several operations share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..frozen import frozen
from ..parameters import Account, Choice, Date, FieldName, Folder, Names, Number, Parameters, Text, VectorFile
from ..vocabulary.bands import DETECTOR_BANDS, METHODS
from ..vocabulary.indices import INDICES

if TYPE_CHECKING:
    from ..imagery.sources import Service

SOURCES = {
    "folder": "Folder of GeoTIFFs",
    "sample": "Built-in sample region (simulated)",
    "sentinelhub": "Sentinel Hub or Copernicus Data Space (with an account)",
    "stac": "STAC catalogue (without an account)",
    "safe": "Sentinel-2 products as delivered (.SAFE, .zip)",
}


@frozen
class InWorkspace(Parameters):
    """Every operation works in a workspace."""

    workspace: Annotated[
        Path,
        Folder(
            "Workspace",
            "The folder that holds all files of one project. It is made where it does not exist. Run again in the same "
            "workspace, and only what is missing or out of date is done.",
        ),
    ]


@frozen
class FromSource(InWorkspace):
    """Where imagery comes from."""

    source: Annotated[
        str,
        Choice(
            "Source",
            "Where the imagery comes from. The built-in sample region is simulated and needs no account.",
            options=SOURCES,
        ),
    ] = "folder"
    imagery: Annotated[
        Optional[Path],
        Folder(
            "Imagery folder",
            "For the source folder: GeoTIFFs named <prefix>_<YYYYMMDDTHHMMSS>.tif (UTC), bands named in their "
            "descriptions (B02, B03 …), uint16 reflectance × 10000, 0 = no data. Tiles of one acquisition have the "
            "same time. For the source safe: a folder of Sentinel-2 products, L1C or L2A.",
        ),
    ] = None


@frozen
class OfService(Parameters):
    """Which service, and who asks."""

    service_url: Annotated[
        Optional[str],
        Text(
            "Service",
            "For sentinelhub: `sentinelhub`, `cdse` (Copernicus Data Space Ecosystem) or the base address of another "
            "deployment; left out: sentinelhub. For stac: the address of the API; left out: Earth Search.",
            advanced=True,
        ),
    ] = None
    token_url: Annotated[
        Optional[str],
        Text(
            "Sign-in address",
            "Where the account signs in. Left out: it follows from the service.",
            advanced=True,
        ),
    ] = None
    auth: Annotated[
        Optional[str],
        Account(
            "Account",
            "Client id and secret of an OAuth client. In QGIS an authentication configuration (Basic: the id as user "
            "name, the secret as password). Outside QGIS they come from SH_CLIENT_ID and SH_CLIENT_SECRET, or this "
            "names a profile of sentinelhub-py's own configuration file.",
        ),
    ] = None


@frozen
class FromService(OfService, FromSource):
    """Which imagery of which service."""

    collection: Annotated[
        tuple[str, ...],
        Names(
            "Collection",
            "For the sources sentinelhub and stac: which imagery. sentinelhub knows sentinel-2-l1c, sentinel-2-l2a, "
            "landsat-ot-l1, landsat-ot-l2 and sentinel-1-grd; several, separated by commas, are learnt from together. "
            "none: sentinel-2-l1c from sentinelhub, sentinel-2-l2a from stac.",
            advanced=True,
        ),
    ] = ()

    @property
    def service(self) -> Service:
        """What the source needs to know about the service."""
        from ..imagery.sources.services import Service

        return Service(self.collection, self.service_url, self.token_url, self.auth)


@frozen
class Period(FromService):
    """Which acquisitions are taken."""

    start: Annotated[
        Optional[date], Date("Start", "The first day, as 2019-01-01. Left out: the first acquisition there is.")
    ] = None
    end: Annotated[Optional[date], Date("End", "The last day, included. Left out: the last acquisition there is.")] = (
        None
    )
    max_cloud_cover: Annotated[
        float,
        Number(
            "Maximum cloud cover",
            "Acquisitions with more cloud over the area than this are left out, where the source tells cloud cover. "
            "It is decided for the whole area, never patch by patch, so that no patch borders show in the map.",
            unit="%",
            minimum=0,
            maximum=100,
        ),
    ] = 80.0
    skip_scenes: Annotated[
        tuple[str, ...],
        Names(
            "Scenes left out",
            "Acquisitions that are left out for the whole area: their times as 20190731T100031, separated by commas.",
            advanced=True,
        ),
    ] = ()

    def faults(self) -> list[str]:
        """A period ends after it starts."""
        told = f"Start (START) {self.start} lies after the end (END) {self.end}."
        return [*super().faults(), *([told] if self.start and self.end and self.start > self.end else [])]


@frozen
class Spending(FromService):
    """How much may be asked of a service."""

    budget: Annotated[
        Optional[float],
        Number(
            "Budget",
            "The most processing units that this workspace may spend in a calendar month (UTC). Before it is exceeded "
            "the run stops; run again next month and it goes on. Left out: no limit but that of the account.",
            unit="processing units",
            advanced=True,
            above=0,
        ),
    ] = None
    connections: Annotated[
        int,
        Number(
            "Connections",
            "How many requests wait for an answer of a service at the same time.",
            advanced=True,
            whole=True,
            minimum=1,
            maximum=100,
        ),
    ] = 8
    rate: Annotated[
        Optional[float],
        Number(
            "Rate limit",
            "The most requests to a service in a minute. Left out: as many as the service allows.",
            unit="requests a minute",
            advanced=True,
            above=0,
        ),
    ] = None


@frozen
class CloudDetection(InWorkspace):
    """How clouds are told, which decides the bands that are fetched."""

    method: Annotated[
        str,
        Choice(
            "Cloud detection",
            "Automatic takes the scene classification (SCL) or the quality bits (Landsat) where the imagery has them, "
            f"otherwise s2cloudless, which needs ten bands of L1C: {', '.join(DETECTOR_BANDS)}.",
            options=METHODS,
        ),
    ] = "auto"
    cloud_resolution: Annotated[
        float,
        Number(
            "Cloud resolution",
            "s2cloudless looks at cells of about this size. It is trained at 60 m to 160 m, and four times faster with "
            "cells twice as large. 0 takes the pixels as they are.",
            advanced=True,
            unit="m",
            minimum=0,
        ),
    ] = 60.0


@frozen
class Learnt(InWorkspace):
    """What classes are learnt from, which decides the bands that are fetched."""

    bands: Annotated[
        tuple[str, ...],
        Names(
            "Bands",
            "The bands that classes are learnt from, separated by commas. Bands that the imagery lacks are left out; "
            "radar bands (VV, VH) are always learnt from.",
            advanced=True,
        ),
    ] = ("B02", "B03", "B04", "B08", "B11", "B12")
    indices: Annotated[
        tuple[str, ...],
        Names(
            "Indices",
            f"Spectral indices that classes are learnt from, separated by commas, of {', '.join(INDICES)}.",
            advanced=True,
            allowed=tuple(INDICES),
        ),
    ] = ("NDVI", "NDWI", "brightness")

    @property
    def learnt_bands(self) -> tuple[str, ...]:
        """The bands learnt from, and those that the indices are made of."""
        made_of = [band for index in self.indices for band in INDICES[index].bands]
        return tuple(dict.fromkeys([*self.bands, *made_of]))


@frozen
class Referenced(Parameters):
    """The reference layer and how it is read."""

    reference: Annotated[
        Optional[str],
        VectorFile(
            "Reference",
            "Polygons of known class, in any CRS: a shapefile, GeoPackage or any other vector file. Where polygons "
            "overlap, the later one in the layer counts. The sample region brings its own.",
        ),
    ] = None
    class_field: Annotated[
        Optional[str],
        FieldName(
            "Class field",
            "The field with the class of each polygon. Whole numbers come back in the map as they are (0 = unknown); "
            "names are numbered from 1 in sorted order.",
            of="reference",
        ),
    ] = None
    name_field: Annotated[
        Optional[str],
        FieldName(
            "Name field", "A field with the names of the classes, where the class field holds numbers.", of="reference"
        ),
    ] = None

    def faults(self) -> list[str]:
        """A reference needs the field that tells the class."""
        field = "Class field (CLASS_FIELD) is missing: the field of the reference that tells the class."
        return [*super().faults(), *([field] if self.reference and not self.class_field else [])]


@frozen
class Heavy(InWorkspace):
    """How much of the machine a run may take."""

    memory: Annotated[
        int,
        Number(
            "Memory",
            "What the whole run may take, all its processes together. Less memory means smaller blocks.",
            advanced=True,
            unit="MB",
            whole=True,
            minimum=500,
        ),
    ] = 4000
    jobs: Annotated[
        int,
        Number(
            "Jobs",
            "How many things are computed at the same time; 0 means one for each processor core.",
            advanced=True,
            whole=True,
            minimum=0,
        ),
    ] = 0
    backend: Annotated[
        str,
        Text(
            "Backend",
            "Where patches are computed: `processes` on this machine, or `dask:HOST:PORT`, the scheduler of a Dask "
            "cluster that shares this file system.",
            advanced=True,
        ),
    ] = "processes"


@frozen
class SeriesParameters(Learnt):
    """The regular dates and the values that samples and maps are made of."""

    step: Annotated[
        int,
        Number(
            "Step between dates",
            "Observations are interpolated to regular dates, this many days apart.",
            advanced=True,
            unit="days",
            whole=True,
            minimum=1,
        ),
    ] = 16


@frozen
class Seeded(InWorkspace):
    """What chance there is."""

    seed: Annotated[
        int,
        Number(
            "Seed",
            "Decides which pixels are drawn, how they are split and how models start. The same seed, the same map.",
            advanced=True,
            whole=True,
            minimum=0,
            maximum=2**31 - 1,
        ),
    ] = 0
