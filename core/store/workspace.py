"""The workspace: layout, catalogue and records in the folder of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ..errors import MissingStepError, WorkspaceError
from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from .acquisitions import Catalogue
from .files import read_json, write_json
from .layout import Layout
from .paths import WorkspacePaths
from .records import R, Record
from .vectors import VectorLayer, read_vector, write_geopackage

FORMAT = 1


class Workspace:
    """The folder of one project: its paths, layout, catalogue and records."""

    def __init__(self, folder: Path) -> None:
        self.paths = WorkspacePaths(folder)
        self._layout: Layout | None = None
        self._catalogue: Catalogue | None = None

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.paths.folder

    # The grid and the patches

    @property
    def grid(self) -> PixelGrid | None:
        """The pixel grid, which never changes; None before `splitarea`."""
        return PixelGrid(**self._grid_facts()["grid"]) if self.paths.grid.exists() else None

    @property
    def layout(self) -> Layout:
        """The grid, the area and the patches; MissingStepError before `splitarea`."""
        if self._layout is None:
            self._layout = self._read_layout()
        return self._layout

    def write_layout(self, layout: Layout) -> None:
        """Store the grid and the area, and the patches as a GeoPackage."""
        fields = {"id": np.array([patch.id for patch in layout.patches], dtype=object)}
        for name in ("row", "column", "height", "width"):
            fields[name] = np.array([getattr(patch.window, name) for patch in layout.patches], dtype=np.int64)
        write_geopackage(self.paths.patches, VectorLayer("patches", layout.rectangles, fields, layout.grid.crs))
        facts = {
            "format": FORMAT,
            "grid": asdict(layout.grid),
            "domain": asdict(layout.domain),
            "area": shapely.to_wkb(layout.area, hex=True),
        }
        write_json(self.paths.grid, facts)
        self._layout = layout

    def _read_layout(self) -> Layout:
        self.require(self.paths.grid, "splitarea")
        facts = self._grid_facts()
        layer = read_vector(str(self.require(self.paths.patches, "splitarea")))
        columns = (layer.fields[name] for name in ("id", "row", "column", "height", "width"))
        patches = tuple(
            Patch(str(id_), Window(int(row), int(column), int(height), int(width)))
            for id_, row, column, height, width in zip(*columns, strict=True)
        )
        area = shapely.from_wkb(bytes.fromhex(facts["area"]))
        return Layout(PixelGrid(**facts["grid"]), area, Window(**facts["domain"]), patches)

    def _grid_facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = read_json(self.paths.grid)
        if facts["format"] != FORMAT:
            raise WorkspaceError(f"{self.folder} was made by another version of Patchwork. Choose another WORKSPACE.")
        return facts

    # The acquisitions

    @property
    def has_catalogue(self) -> bool:
        """Whether acquisitions have been found."""
        return self.paths.catalogue.exists()

    @property
    def catalogue(self) -> Catalogue:
        """The acquisitions; MissingStepError before `findscenes`."""
        if self._catalogue is None:
            self._catalogue = Catalogue.from_json(read_json(self.require(self.paths.catalogue, "findscenes")))
        return self._catalogue

    def write_catalogue(self, catalogue: Catalogue) -> None:
        """Store the acquisitions."""
        write_json(self.paths.catalogue, catalogue.to_json())
        self._catalogue = catalogue

    def require_imagery(self, source: str, imagery: str) -> None:
        """Raise WorkspaceError if the scenes stored here come from another source."""
        if self.has_catalogue:
            old = self.catalogue
            if (old.source, old.imagery) != (source, imagery):
                raise WorkspaceError(
                    f"The scenes of the workspace {self.folder} come from {old.source} {old.imagery}, not from "
                    f"{source} {imagery}. Choose another WORKSPACE."
                )

    # Records

    def facts(self, step: str) -> dict[str, Any]:
        """The record of a step as JSON values; raises as `read` does."""
        found: dict[str, Any] = read_json(self.require(self.paths.record(step), step))
        return found

    def read(self, record: type[R]) -> R:
        """The record of a step; MissingStepError if the step has not run, WorkspaceError if it cannot be read."""
        try:
            return record.from_json(self.facts(record.STEP))
        except (KeyError, TypeError, ValueError) as error:
            file = self.paths.record(record.STEP)
            raise WorkspaceError(
                f"{file} is not a record of {record.STEP} ({error!r}). Delete it and run again."
            ) from error

    def find(self, record: type[R]) -> R | None:
        """The record of a step, None if the step has not run."""
        return self.read(record) if self.paths.record(record.STEP).exists() else None

    def write(self, record: Record) -> None:
        """Store the record of a step."""
        write_json(self.paths.record(record.STEP), record.to_json())

    def forget(self, record: type[Record]) -> None:
        """Remove the record of a step whose files are about to be written."""
        self.paths.record(record.STEP).unlink(missing_ok=True)

    # What is missing

    def require(self, file: Path, step: str) -> Path:
        """The file; MissingStepError, which names the step that makes it, if it does not exist."""
        if not file.exists():
            raise self.missing(str(file.relative_to(self.folder)), step)
        return file

    def missing(self, what: str, step: str) -> MissingStepError:
        """The error that a step must run first."""
        return MissingStepError(f"The workspace {self.folder} has no {what} yet: run {step} first.")
