"""Reading the facts of a run from the records and tables of its workspace."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from ..clouds.methods import METHODS
from ..clouds.settings import CloudRecord
from ..learning.records import ModelRecord, SampleRecord
from ..mapping.record import MapRecord
from ..reference.record import LabelRecord
from ..store.acquisitions import Acquisition, Catalogue
from ..store.records import RunRecord
from ..store.workspace import Workspace
from ..vocabulary.classes import ClassScheme, LandCoverClass
from .facts import SATELLITES, ClassCount, Facts, Mapped, Observation


def gather(workspace: Workspace) -> Facts:
    """Read all facts of a run. Raises MissingStepError if `splitarea` has not run."""
    layout = workspace.layout
    catalogue = workspace.catalogue if workspace.has_catalogue else None
    labels, drawn = workspace.find(LabelRecord), workspace.find(SampleRecord)
    trained, map_record = workspace.find(ModelRecord), workspace.find(MapRecord)
    mapped = _mapped(workspace, map_record, trained)
    schemes = [record.classes for record in (labels, trained, map_record) if record is not None]
    return Facts(
        name=workspace.folder.resolve().name,
        layout=layout,
        catalogue=catalogue,
        observations=_observations(catalogue, workspace.paths.table("ndvi")),
        clouds=_cloud_facts(workspace.find(CloudRecord)),
        labels=labels,
        plan=drawn.plan if drawn else None,
        training=trained,
        mapped=mapped,
        run=workspace.find(RunRecord),
        classes=_classes(workspace, _entries(schemes), labels, drawn, mapped),
    )


def _cloud_facts(record: CloudRecord | None) -> dict[str, Any]:
    """Cloud detection methods, and all their settings by name."""
    if record is None:
        return {}
    methods = {name: values for name, values in record.settings.methods.items() if name in METHODS}
    facts: dict[str, Any] = {"method": ", ".join(methods) or "none"}
    for values in methods.values():
        facts |= values
    return facts


def _observations(catalogue: Catalogue | None, table: Path) -> tuple[Observation, ...]:
    if catalogue is None:
        return ()
    rows: dict[str, dict[str, str]] = {}
    if table.exists():
        with table.open(encoding="utf-8", newline="") as file:
            rows = {row["time"]: row for row in csv.DictReader(file)}

    def value(time: datetime, column: str) -> float | None:
        text = rows.get(time.isoformat(), {}).get(column)
        return float(text) if text else None

    counted = {item.name for item in catalogue.optical}
    return tuple(
        Observation(
            item.time,
            _satellite(item),
            item.bands,
            item.name in counted,
            item.coverage,
            item.cloud_cover,
            value(item.time, "valid_fraction"),
            (value(item.time, "ndvi_all"), value(item.time, "ndvi_valid")),
        )
        for item in catalogue.acquisitions
    )


def _satellite(item: Acquisition) -> str:
    """The satellite that the collection is named after; without one, Sentinel-2 or -1 depending on the bands."""
    collection = str(item.facts.get("collection", ""))
    named = [name for name in SATELLITES if name.lower() in collection]
    return named[0] if named else "Sentinel-2" if item.is_optical else "Sentinel-1"


def _entries(schemes: Sequence[ClassScheme]) -> list[LandCoverClass]:
    """Classes of all schemes, in order of id; names and colours are those of the first scheme with the class."""
    entries: dict[int, LandCoverClass] = {}
    for scheme in schemes:
        entries = {entry.id: entry for entry in scheme.classes} | entries
    return [entries[id_] for id_ in sorted(entries)]


def _classes(
    workspace: Workspace,
    entries: Sequence[LandCoverClass],
    labels: LabelRecord | None,
    drawn: SampleRecord | None,
    mapped: Mapped | None,
) -> tuple[ClassCount, ...]:
    sampled = _sampled_polygons(workspace.paths.samples) if drawn else {}
    return tuple(
        ClassCount(
            entry,
            labels.polygons.get(entry.id, 0) if labels else 0,
            labels.pixels.get(entry.id, 0) if labels else 0,
            drawn.drawn.get(entry.id, 0) if drawn else 0,
            sampled.get(entry.id, 0),
            mapped.counts.get(entry.id, 0) if mapped else 0,
        )
        for entry in entries
    )


def _sampled_polygons(samples: Path) -> dict[int, int]:
    """Number of polygons with samples, by class id. Queried as a database, without reading the features."""
    if not samples.exists():
        return {}
    query = "SELECT class, COUNT(DISTINCT polygon) FROM samples GROUP BY class"
    with closing(sqlite3.connect(f"{samples.resolve().as_uri()}?mode=ro", uri=True)) as database:
        return {int(id_): int(number) for id_, number in database.execute(query)}


def _mapped(workspace: Workspace, record: MapRecord | None, trained: ModelRecord | None) -> Mapped | None:
    file = workspace.paths.layer("map")
    if not file.exists() or record is None:
        return None
    scheme = record.classes
    counts = _count_pixels(file)
    outside = max(round(float(workspace.layout.area.area)) - sum(counts.values()), 0)
    return Mapped(
        scheme,
        {id_: counts.get(id_, 0) for id_ in scheme.ids},
        outside,
        Path(record.model).name,
        _is_own_model(workspace, record, trained),
    )


def _is_own_model(workspace: Workspace, record: MapRecord, trained: ModelRecord | None) -> bool:
    """Whether the map's model is the one in record `trained`: by its identity if recorded, otherwise by file name."""
    if record.identity is not None and trained is not None:
        return record.identity == trained.fingerprint
    return Path(record.model).name == workspace.paths.model.name


def _count_pixels(file: Path) -> dict[int, int]:
    """Number of pixels of each class id except 0, read block by block."""
    totals = np.zeros(65536, dtype=np.int64)
    with rasterio.open(file, driver="GTiff") as raster:
        for _, window in raster.block_windows(1):
            totals += np.bincount(raster.read(1, window=window).ravel(), minlength=totals.size)
    return {int(id_): int(totals[id_]) for id_ in np.flatnonzero(totals[1:]) + 1}
