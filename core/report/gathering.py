"""Reading the facts of a run from the records and tables of its workspace."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from ..learning.assessment import Assessment
from ..learning.features import SeriesPlan
from ..store.records import Acquisition, Catalogue
from ..store.workspace import Workspace
from ..vocabulary.classes import ClassScheme, LandCoverClass
from .facts import SATELLITES, ClassCount, Facts, Mapped, Observation, Training

_OWN_MODEL = "model.skops"


def gather(workspace: Workspace) -> Facts:
    """Read all facts of a run. Raises MissingStepError if `splitarea` has not run."""
    layout = workspace.layout
    catalogue = workspace.catalogue if (workspace.folder / "scenes.json").exists() else None
    reference = _record(workspace, "rasterizereference")
    drawn = _record(workspace, "drawsamples")
    clouds = _record(workspace, "maskclouds")
    trained = _record(workspace, "trainmodel")
    mapped = _mapped(workspace)
    entries = _entries([reference, trained, _record(workspace, "classifypatches")])
    return Facts(
        name=workspace.folder.resolve().name,
        layout=layout,
        catalogue=catalogue,
        observations=_observations(catalogue, workspace.product("ndvi.csv")),
        clouds={} if clouds is None else _cloud_facts(clouds["settings"]),
        reference=reference,
        plan=SeriesPlan.from_json(drawn["plan"]) if drawn else None,
        training=_training(trained),
        mapped=mapped,
        request=_record(workspace, "makemap"),
        classes=_classes(workspace, entries, reference, drawn, mapped),
    )


def _record(workspace: Workspace, step: str) -> dict[str, Any] | None:
    return workspace.record(step) if workspace.has_record(step) else None


def _cloud_facts(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Cloud detection methods, and all their settings by name."""
    methods = {name: values for name, values in settings["methods"].items() if name != "none"}
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


def _entries(records: Sequence[Mapping[str, Any] | None]) -> list[LandCoverClass]:
    """Classes of all records, in order of id; names and colours are those of the first record with the class."""
    entries: dict[int, LandCoverClass] = {}
    for record in records:
        if record is not None:
            entries = {entry.id: entry for entry in ClassScheme.from_json(record["classes"]).classes} | entries
    return [entries[id_] for id_ in sorted(entries)]


def _classes(
    workspace: Workspace,
    entries: Sequence[LandCoverClass],
    reference: Mapping[str, Any] | None,
    drawn: Mapping[str, Any] | None,
    mapped: Mapped | None,
) -> tuple[ClassCount, ...]:
    sampled = _sampled_polygons(workspace.product("samples.gpkg")) if drawn else {}

    def count(record: Mapping[str, Any] | None, column: str, id_: int) -> int:
        return int(record[column].get(str(id_), 0)) if record else 0

    return tuple(
        ClassCount(
            entry,
            count(reference, "polygons", entry.id),
            count(reference, "pixels", entry.id),
            count(drawn, "drawn", entry.id),
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


def _training(record: dict[str, Any] | None) -> Training | None:
    if record is None:
        return None
    found = {row["kind"]: Assessment.from_json(row) for row in record["assessments"]}
    ids = ClassScheme.from_json(record["classes"]).ids
    return Training(record["classifier"], record["samples"], ids, found.get("polygons"), found.get("blocks"))


def _mapped(workspace: Workspace) -> Mapped | None:
    file = workspace.product("map.tif")
    if not file.exists() or not workspace.has_record("classifypatches"):
        return None
    record = workspace.record("classifypatches")
    scheme = ClassScheme.from_json(record["classes"])
    counts = _count_pixels(file)
    outside = max(round(float(workspace.layout.area.area)) - sum(counts.values()), 0)
    return Mapped(
        scheme,
        {id_: counts.get(id_, 0) for id_ in scheme.ids},
        outside,
        Path(record["model"]).name,
        _is_own_model(record, _record(workspace, "trainmodel")),
    )


def _is_own_model(record: Mapping[str, Any], trained: Mapping[str, Any] | None) -> bool:
    """Whether the map's model is the one in record `trained`: by its identity if recorded, otherwise by file name."""
    if "identity" in record and trained is not None:
        return bool(record["identity"] == trained["fingerprint"])
    return Path(record["model"]).name == _OWN_MODEL


def _count_pixels(file: Path) -> dict[int, int]:
    """Number of pixels of each class id except 0, read block by block."""
    totals = np.zeros(65536, dtype=np.int64)
    with rasterio.open(file) as raster:
        for _, window in raster.block_windows(1):
            totals += np.bincount(raster.read(1, window=window).ravel(), minlength=totals.size)
    return {int(id_): int(totals[id_]) for id_ in np.flatnonzero(totals[1:]) + 1}
