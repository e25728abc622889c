"""Parameters that several operations share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Optional

from ..indices import INDICES
from ..parameters import Choice, Date, Folder, Names, Number, Parameters, Text

SOURCES = {
    "folder": "Folder of GeoTIFFs",
    "sample": "Built-in sample region (simulated)",
}


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class FromSource(InWorkspace):
    """Where imagery comes from."""

    source: Annotated[
        str,
        Choice(
            "Source",
            "Where the imagery comes from: a folder of GeoTIFFs, one per acquisition, or the built-in sample region, "
            "which is simulated and needs no account.",
            options=SOURCES,
        ),
    ] = "folder"
    imagery: Annotated[
        Optional[Path],
        Folder(
            "Imagery folder",
            "For the source folder: GeoTIFFs named <prefix>_<YYYYMMDDTHHMMSS>.tif (UTC), bands named in their "
            "descriptions (B02, B03 …), uint16 reflectance × 10000, 0 = no data. Tiles of one acquisition have the "
            "same time.",
        ),
    ] = None


@dataclass(frozen=True)
class Period(FromSource):
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class SeriesParameters(InWorkspace):
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
    bands: Annotated[
        tuple[str, ...],
        Names(
            "Bands",
            "The bands that classes are learnt from, separated by commas. Bands that the imagery lacks are left out.",
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


@dataclass(frozen=True)
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
