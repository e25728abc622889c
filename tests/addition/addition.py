"""One of everything that can be added, each with one record and one line: what a stranger would write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

from patchwork.core.clouds.methods import METHODS
from patchwork.core.clouds.methods.record import CloudMethod
from patchwork.core.frozen import frozen
from patchwork.core.imagery.sources import SOURCES
from patchwork.core.imagery.sources.record import BuiltInReference, SourceRecord
from patchwork.core.learning.classifiers import CLASSIFIERS
from patchwork.core.learning.classifiers.record import Classifier
from patchwork.core.mapping.layers import LAYERS, AreaLayer
from patchwork.core.operations import OPERATIONS
from patchwork.core.operations.declarations.workspace import ResourceParameters
from patchwork.core.parameters import NumberOutput, Operation
from patchwork.core.store.patch_rasters import PatchRaster
from patchwork.core.store.records import Record
from patchwork.core.vocabulary.indices import INDICES, Index

# A source: two halves, green and bright, and a band that is clouded on every second date


SIDE, CRS = 24, "EPSG:32633"
LEFT, TOP = 500_000.0, 5_000_040.0


class HalvesSource:
    kind, imagery, crs = "halves", "", CRS
    bands = ("B02", "B04", "B08", "FOG")

    def __init__(self):
        import shapely

        from patchwork.core.grid.pixel_grid import PixelGrid
        from patchwork.core.imagery.sources.traits import Traits

        self.traits = Traits()
        self.grid = PixelGrid(CRS, LEFT, TOP, 10.0, 10.0)
        self.extent = shapely.box(LEFT, TOP - 10 * SIDE, LEFT + 10 * SIDE, TOP)

    def find(self, start, end, area):
        from patchwork.core.store.acquisitions import OfferedAcquisition, is_between

        days = [datetime(2021, 5, 1, 10, tzinfo=timezone.utc) + timedelta(days=10 * n) for n in range(6)]
        return [OfferedAcquisition(t, f"halves{t}", self.bands, self.extent) for t in days if is_between(t, start, end)]

    def read(self, acquisition, bands, grid, window):
        import numpy as np

        row, column = grid.offset(self.grid)
        columns = np.arange(window.width) + window.column - column
        rows = np.arange(window.height) + window.row - row
        right = (columns >= SIDE // 2)[np.newaxis].repeat(window.height, axis=0)
        day = acquisition.time.day + np.arange(window.height * window.width).reshape(window.shape) % 7
        pixels = {
            "B02": np.where(right, 900, 400) + day,
            "B04": np.where(right, 1500, 300) + day,
            "B08": np.where(right, 1800, 3500) + day,
            "FOG": np.where((rows < 6)[:, np.newaxis] & (acquisition.time.day % 20 == 1), 2, 1) + 0 * day,
        }
        return np.stack([pixels[band] for band in bands]).astype(np.uint16)


def _write_reference(file: Path) -> Path:
    import numpy as np
    import shapely

    from patchwork.core.store.vectors import VectorLayer, write_geopackage

    boxes = [
        shapely.box(LEFT + 10 * x, TOP - 10 * (y + 5), LEFT + 10 * (x + 9), TOP - 10 * y)
        for x in (1, 14)
        for y in (1, 9, 17)
    ]
    names = np.array(["green", "green", "green", "bright", "bright", "bright"], dtype=object)
    write_geopackage(file, VectorLayer("halves", np.array(boxes, dtype=object), {"kind": names}, CRS))
    return file


SOURCE = SourceRecord(
    name="halves",
    label="Two halves",
    help="Made up.",
    open=lambda imagery, service, ledger: HalvesSource(),
    is_local=True,
    is_simulated=True,
    reference=BuiltInReference(_write_reference, "kind", None),
)


# A cloud method, a classifier, an index


def _mask_fog(task):
    import numpy as np

    fog = task.read(task.window, ["FOG"])[0]
    return np.where(fog, np.stack([100 * (fog == 2), fog == 2]), 255).astype(np.uint8)


METHOD = CloudMethod(
    name="fog",
    label="Fog band",
    help="Made up.",
    bands=("FOG",),
    instead="Use imagery with fog.",
    settings=lambda options: {"reach": 0},
    mask=_mask_fog,
)


def _naive_bayes(seed: int, threads: int) -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


CLASSIFIER = Classifier(name="naive-bayes", label="Naive Bayes", help="Made up.", noun="naive Bayes", new=_naive_bayes)
INDEX = Index("ratio", "Ratio", "Made up", ("B08", "B04"), lambda nir, red: nir / red)


# An operation that makes a raster of each patch, and the layer that shows it

ROWS = PatchRaster("rows", "countrows", ("row_number",), 0)
LAYER = AreaLayer("row_number", "Row numbers", "Made up.", ROWS, "uint16", 0)


@dataclass(frozen=True)
class RowRecord(Record):
    """The record of countrows."""

    STEP: ClassVar[str] = "countrows"
    fingerprints: Mapping[str, str]


@frozen
class CountRows(ResourceParameters):
    """Parameters of countrows."""


@frozen
class CountedRows:
    """The number of rows."""

    rows: Annotated[int, NumberOutput("Rows")]


def _count(workspace, patch, share):
    import numpy as np

    from patchwork.core.store.patch_files import Content

    rows = np.arange(patch.window.row, patch.window.bottom) - workspace.layout.domain.row + 1
    return Content(rows.astype(np.uint16)[np.newaxis, :, np.newaxis].repeat(patch.window.width, axis=2))


def run(parameters, progress):
    """Number the rows of every patch."""
    from patchwork.core.store.fingerprints import fingerprint
    from patchwork.core.store.patch_files import refresh_rasters
    from patchwork.core.store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    names = {id_: fingerprint("rows", own) for id_, own in workspace.layout.patch_fingerprints.items()}
    count = partial(_count, workspace)
    refresh_rasters(workspace, ROWS, "Rows", names, count, parameters.resources, progress)
    workspace.write(RowRecord(names))
    return CountedRows(workspace.layout.domain.height)


OPERATION = Operation(
    name="countrows",
    label="Count rows",
    group="4 Map",
    summary="Numbers the rows.",
    parameters=CountRows,
    results=CountedRows,
    run=run,
)

ADDED = (
    (SOURCES, SOURCE),
    (METHODS, METHOD),
    (CLASSIFIERS, CLASSIFIER),
    (INDICES, INDEX),
    (LAYERS, LAYER),
    (OPERATIONS, OPERATION),
)


def add() -> None:
    """Register them all: one line each."""
    for registry, record in ADDED:
        registry.add(record)
