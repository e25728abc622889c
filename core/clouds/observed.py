"""The statistics of the observations of a workspace: of the pixels of each patch, and of the area by acquisition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import ClassVar

from ..execution import Resources, Share
from ..grid.patches import Patch
from ..progress import Progress
from ..store.acquisitions import Acquisition
from ..store.files import table_text
from ..store.fingerprints import fingerprint
from ..store.patch_files import Content, refresh_rasters
from ..store.patch_rasters import STATISTICS
from ..store.rasters import read_tags
from ..store.reading import read_clouds, read_scene
from ..store.records import Record
from ..store.workspace import Workspace
from .masks import CloudMasks
from .statistics import DateStatistics, PixelStatistics, ndvi_of

_TABLE_TAG = "DATE_STATISTICS"

# Mean NDVI of all and of the valid observations, and the valid fraction; None where unknown.
Row = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class StatisticsRecord(Record):
    """The record of observationstatistics: fingerprints by patch id."""

    STEP: ClassVar[str] = "observationstatistics"
    fingerprints: Mapping[str, str]


def refresh_statistics(workspace: Workspace, resources: Resources, progress: Progress) -> None:
    """Make the statistics of every patch that are missing or out of date."""
    patches = workspace.layout.patches
    masks = CloudMasks.of(workspace)
    fingerprints = {patch.id: fingerprint("statistics", masks.patch_fingerprint(patch)) for patch in patches}
    observe = partial(_observe, workspace)
    refresh_rasters(workspace, STATISTICS, "Statistics", fingerprints, observe, resources, progress)
    workspace.write(StatisticsRecord(fingerprints))


def _observe(workspace: Workspace, patch: Patch, share: Share) -> Content:
    """The statistics of one patch: acquisitions one after the other, so memory does not grow with the year."""
    pixels = PixelStatistics(patch.window.shape)
    dates = []
    for acquisition in workspace.catalogue.optical:
        probability, mask = read_clouds(workspace, patch, acquisition)
        ndvi = None
        if _has_ndvi(acquisition):
            red, near_infrared = read_scene(workspace, acquisition, patch.window, ["B04", "B08"])
            ndvi = ndvi_of(red, near_infrared)
        pixels.add(probability, mask, ndvi)
        date = DateStatistics()
        date.add(mask, ndvi)
        dates.append(asdict(date))
    return Content(pixels.layers(), {_TABLE_TAG: json.dumps(dates)})


def _has_ndvi(acquisition: Acquisition) -> bool:
    return {"B04", "B08"} <= set(acquisition.bands)


def statistics_by_date(workspace: Workspace) -> list[tuple[Acquisition, Row]]:
    """The statistics of the area for each optical acquisition, from those of the patches."""
    acquisitions = workspace.catalogue.optical
    sums = [DateStatistics() for _ in acquisitions]
    for patch in workspace.layout.patches:
        tags = read_tags(workspace.paths.patch_raster(STATISTICS.name, patch))
        for total, own in zip(sums, json.loads(tags[_TABLE_TAG]), strict=True):
            total.join(DateStatistics(**own))
    rows = [total.row() for total in sums]
    return [
        (item, row if _has_ndvi(item) else (None, None, row[2])) for item, row in zip(acquisitions, rows, strict=True)
    ]


def ndvi_table(rows: list[tuple[Acquisition, Row]]) -> str:
    """The text of a CSV file with time, ndvi_all, ndvi_valid, valid_fraction of each acquisition."""
    header = ("time", "ndvi_all", "ndvi_valid", "valid_fraction")
    texts = ((item.time.isoformat(), *("" if value is None else f"{value:.6f}" for value in row)) for item, row in rows)
    return table_text(header, (dict(zip(header, own, strict=True)) for own in texts))
