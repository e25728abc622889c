"""Paths of the files of a workspace. Standard library only: QGIS uses it too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..frozen import frozen

if TYPE_CHECKING:
    from ..grid.patches import Patch


class Named(Protocol):
    """An acquisition, after which files are named."""

    @property
    def name(self) -> str:
        """The sensing time, 20190731T100031."""
        ...


@frozen
class WorkspacePaths:
    """The files and folders of the workspace in `folder`."""

    folder: Path

    # Layout, catalogue and records

    @property
    def grid(self) -> Path:
        """The pixel grid and the area."""
        return self.folder / "grid.json"

    @property
    def catalogue(self) -> Path:
        """The acquisitions with all their facts."""
        return self.folder / "scenes.json"

    @property
    def records(self) -> Path:
        """The folder of the records."""
        return self.folder / "records"

    def record(self, step: str) -> Path:
        """The settings and results of a step."""
        return self.records / f"{step}.json"

    @property
    def ledger(self) -> Path:
        """The requests to paid services."""
        return self.folder / "downloads.csv"

    # Files of the whole area

    @property
    def patches(self) -> Path:
        """The patches as polygons."""
        return self.folder / "patches.gpkg"

    @property
    def acquisitions_table(self) -> Path:
        """The acquisitions as polygons."""
        return self.folder / "scenes.gpkg"

    def layer(self, name: str) -> Path:
        """The raster of a layer over the whole area."""
        return self.folder / f"{name}.tif"

    def class_mask(self, class_id: int) -> Path:
        """The labels of one class over the whole area."""
        return self.masks / f"mask_{class_id}.tif"

    @property
    def masks(self) -> Path:
        """The folder of class masks."""
        return self.folder / "masks"

    @property
    def samples(self) -> Path:
        """The samples as points."""
        return self.folder / "samples.gpkg"

    @property
    def reference(self) -> Path:
        """The reference polygons that are used."""
        return self.folder / "reference.gpkg"

    @property
    def predictions(self) -> Path:
        """The samples with the class predicted by a model that was not trained on their polygon, as points."""
        return self.folder / "predictions.gpkg"

    @property
    def suspects(self) -> Path:
        """The polygons that look mislabelled."""
        return self.folder / "suspects.gpkg"

    @property
    def outliers(self) -> Path:
        """Single samples that look mislabelled, as points."""
        return self.folder / "outliers.gpkg"

    @property
    def suggestions(self) -> Path:
        """The places to label next."""
        return self.folder / "suggestions.gpkg"

    @property
    def validation_blocks(self) -> Path:
        """The blocks of the validation as squares."""
        return self.folder / "validation_blocks.gpkg"

    @property
    def sample_reference(self) -> Path:
        """The reference polygons that come with a source."""
        return self.folder / "sample_reference.gpkg"

    @property
    def model(self) -> Path:
        """The model that was trained here."""
        return self.folder / "model.skops"

    @property
    def model_card(self) -> Path:
        """What the model is and how good it is, as JSON."""
        return self.model.with_suffix(".json")

    @property
    def report(self) -> Path:
        """The report."""
        return self.folder / "report.html"

    def table(self, name: str) -> Path:
        """A table such as `ndvi` or `timeseries`."""
        return self.folder / f"{name}.csv"

    def picture(self, name: str) -> Path:
        """A plot or a map as a picture, such as `ndvi` or `map`."""
        return self.folder / f"{name}.png"

    # Files of acquisitions

    @property
    def scenes(self) -> Path:
        """One folder of scenes for each patch."""
        return self.folder / "scenes"

    @property
    def clouds(self) -> Path:
        """One folder of cloud files for each patch."""
        return self.folder / "clouds"

    @property
    def acquisitions(self) -> Path:
        """The folder of rasters that show one acquisition over the whole area each."""
        return self.folder / "acquisitions"

    def acquisition(self, acquisition: Named) -> Path:
        """The bands of one acquisition over the whole area."""
        return self.acquisitions / f"{acquisition.name}.vrt"

    def quick_look(self, acquisition: Named) -> Path:
        """A small picture of one acquisition."""
        return self.folder / "quicklooks" / f"{acquisition.name}.png"

    def scene(self, patch: Patch, acquisition: Named) -> Path:
        """The bands of one acquisition over one patch."""
        return self.scenes / patch.id / f"{acquisition.name}.tif"

    def cells(self, patch: Patch, acquisition: Named) -> Path:
        """The bands of the cloud detector over one patch, where they are stored separately."""
        return self.folder / "cells" / patch.id / f"{acquisition.name}.tif"

    def surroundings(self, patch: Patch, acquisition: Named) -> Path:
        """The bands of the cloud detection around the area, near one patch."""
        return self.folder / "surroundings" / patch.id / f"{acquisition.name}.tif"

    def parts(self, patch: Patch) -> Path:
        """The folder of the parts of scenes that are too large for one request."""
        return self.folder / "parts" / patch.id

    def cloud(self, patch: Patch, acquisition: Named) -> Path:
        """The cloud probability and mask of one scene."""
        return self.clouds / patch.id / f"{acquisition.name}.tif"

    # Files of patches

    def patch_rasters(self, name: str) -> Path:
        """The folder of a kind of patch raster: `statistics`, `labels`, `maps` …"""
        return self.folder / name

    def patch_raster(self, name: str, patch: Patch) -> Path:
        """A raster of one patch."""
        return self.patch_rasters(name) / f"{patch.id}.tif"

    @property
    def is_unfinished(self) -> bool:
        """Whether the last `makemap` here did not complete."""
        return self.grid.exists() and not self.record("makemap").exists()
