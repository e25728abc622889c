"""What the records and tables of a workspace tell, as plain values."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from ..classes import ClassScheme, LandCoverClass
from ..features import SeriesPlan
from ..workspace import Catalogue, Layout, Workspace


@dataclass(frozen=True)
class Observation:
    """One acquisition over the area: fractions of the area, and mean NDVI; None where unknown."""

    time: datetime
    coverage: float | None
    cloud_cover: float | None
    valid: float | None
    ndvi: tuple[float | None, float | None]


@dataclass(frozen=True)
class ClassCount:
    """How much there is of one class: polygons of the reference, labelled pixels, samples and where they come from."""

    entry: LandCoverClass
    polygons: int
    pixels: int
    samples: int
    sampled_polygons: int
    mapped: int


@dataclass(frozen=True)
class Score:
    """How well one class was told; the fractions mean nothing where `pixels`, those tested, is 0."""

    class_id: int
    precision: float
    recall: float
    f1: float
    pixels: int


@dataclass(frozen=True)
class Validation:
    """One cross-validation: `confusion` (true, predicted) counts pixels in the order of `class_ids`."""

    kind: str
    class_ids: tuple[int, ...]
    confusion: np.ndarray
    scores: tuple[Score, ...]
    untested: tuple[int, ...]
    groups: int
    overall: float
    mean_f1: float

    @property
    def pixels(self) -> int:
        """How many pixels were tested."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """How many of them got the right class."""
        return int(np.trace(self.confusion))


@dataclass(frozen=True)
class Training:
    """What was learnt and how it was tested, by polygons and by blocks; None where no class could be tested."""

    classifier: str
    samples: int
    class_ids: tuple[int, ...]
    polygons: Validation | None
    blocks: Validation | None


@dataclass(frozen=True)
class Mapped:
    """The map: pixels of each class and without one, the model that made it, and whether that was trained again since."""

    scheme: ClassScheme
    counts: Mapping[int, int]
    no_data: int
    smoothing: int
    model: str
    own_model: bool
    out_of_date: bool

    @property
    def pixels(self) -> int:
        """Pixels that have a class."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Facts:
    """All that is known of a run; what has not been made is None or empty."""

    name: str
    layout: Layout
    catalogue: Catalogue | None
    observations: tuple[Observation, ...]
    clouds: Mapping[str, Any] | None
    reference: Mapping[str, Any] | None
    plan: SeriesPlan | None
    training: Training | None
    mapped: Mapped | None
    request: Mapping[str, Any] | None
    classes: tuple[ClassCount, ...]

    @property
    def pixel_area(self) -> float:
        """Square metres of a pixel."""
        return self.layout.grid.pixel_width * self.layout.grid.pixel_height

    @property
    def area_km2(self) -> float:
        """The area of interest."""
        return float(self.layout.area.area) * self.pixel_area / 1e6

    @property
    def simulated(self) -> bool:
        """Whether the imagery is the built-in sample region's."""
        return self.catalogue is not None and self.catalogue.source == "sample"

    def entry(self, id_: int) -> LandCoverClass:
        """The class of an id."""
        return next(count.entry for count in self.classes if count.entry.id == id_)


def gather(workspace: Workspace) -> Facts:
    """Read what there is; MissingStepError before `splitarea`."""
    layout = workspace.layout
    catalogue = workspace.catalogue if (workspace.folder / "scenes.json").exists() else None
    reference = _record(workspace, "rasterizereference")
    drawn = _record(workspace, "drawsamples")
    clouds = _record(workspace, "maskclouds")
    mapped = _mapped(workspace)
    return Facts(
        name=workspace.folder.resolve().name,
        layout=layout,
        catalogue=catalogue,
        observations=_observations(catalogue, workspace.product("ndvi.csv")),
        clouds=clouds and clouds["settings"],
        reference=reference,
        plan=SeriesPlan.from_json(drawn["plan"]) if drawn else None,
        training=_training(_record(workspace, "trainmodel")),
        mapped=mapped,
        request=_record(workspace, "makemap"),
        classes=_classes(workspace, reference, drawn, mapped),
    )


def _record(workspace: Workspace, step: str) -> dict[str, Any] | None:
    return workspace.record(step) if workspace.has_record(step) else None


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

    return tuple(
        Observation(
            item.time,
            item.coverage,
            item.cloud_cover,
            value(item.time, "valid_fraction"),
            (value(item.time, "ndvi_all"), value(item.time, "ndvi_valid")),
        )
        for item in catalogue.acquisitions
    )


def _classes(
    workspace: Workspace, reference: dict[str, Any] | None, drawn: dict[str, Any] | None, mapped: Mapped | None
) -> tuple[ClassCount, ...]:
    """Of every class of the reference and of the map."""
    entries = {entry.id: entry for entry in ClassScheme.from_json(reference["classes"]).classes} if reference else {}
    if mapped:
        entries = {entry.id: entry for entry in mapped.scheme.classes} | entries
    sampled = _sampled_polygons(workspace.product("samples.gpkg")) if drawn else {}

    def count(record: dict[str, Any] | None, column: str, id_: int) -> int:
        return int(record[column].get(str(id_), 0)) if record else 0

    return tuple(
        ClassCount(
            entry,
            count(reference, "polygons", id_),
            count(reference, "pixels", id_),
            count(drawn, "drawn", id_),
            sampled.get(id_, 0),
            mapped.counts.get(id_, 0) if mapped else 0,
        )
        for id_, entry in sorted(entries.items())
    )


def _sampled_polygons(samples: Path) -> dict[int, int]:
    """How many polygons the samples of each class lie in. A GeoPackage is a database: the features need not be read."""
    if not samples.exists():
        return {}
    query = "SELECT class, COUNT(DISTINCT polygon) FROM samples GROUP BY class"
    with closing(sqlite3.connect(f"{samples.resolve().as_uri()}?mode=ro", uri=True)) as database:
        return {int(id_): int(number) for id_, number in database.execute(query)}


def _training(record: dict[str, Any] | None) -> Training | None:
    if record is None:
        return None
    found = {row["kind"]: _validation(row) for row in record["assessments"]}
    ids = ClassScheme.from_json(record["classes"]).ids
    return Training(record["classifier"], record["samples"], ids, found.get("polygons"), found.get("blocks"))


def _validation(row: Mapping[str, Any]) -> Validation:
    return Validation(
        row["kind"],
        tuple(row["class_ids"]),
        np.array(row["confusion"]),
        tuple(Score(**score) for score in row["scores"]),
        tuple(row["untested"]),
        row["groups"],
        row["overall"],
        row["mean_f1"],
    )


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
        record["smoothing"],
        Path(record["model"]).name,
        Path(record["model"]).resolve() == workspace.product("model.skops").resolve(),
        _trained_since(workspace),
    )


def _trained_since(workspace: Workspace) -> bool:
    """Whether a model was trained after the patches were classified last."""
    records = workspace.folder / "records"
    trained, classified = records / "trainmodel.json", records / "classifypatches.json"
    return trained.exists() and trained.stat().st_mtime_ns > classified.stat().st_mtime_ns


def _count_pixels(file: Path) -> dict[int, int]:
    """Pixels of each class id but 0, read block by block."""
    totals = np.zeros(65536, dtype=np.int64)
    with rasterio.open(file) as raster:
        for _, window in raster.block_windows(1):
            totals += np.bincount(raster.read(1, window=window).ravel(), minlength=totals.size)
    return {int(id_): int(totals[id_]) for id_ in np.flatnonzero(totals[1:]) + 1}
