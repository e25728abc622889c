"""The folder that holds one project: where everything lies, what made it, and what is done.

A file carries the fingerprint of all that decided its content. What is done is read from the files themselves: a file
with the fingerprint that the present settings would give it is not made again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
import shapely

from ..errors import MissingStepError, WorkspaceError
from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..vocabulary.bands import DETECTOR_BANDS
from . import rasters
from .files import read_json, remove_temporary_files, take_lock, write_json
from .records import Acquisition, Catalogue, Layout, Observations, fingerprint
from .vectors import VectorLayer, read_vector, write_geopackage

FORMAT = 1
_FREE = "free"


class Workspace:
    """The paths of one workspace folder and the facts kept in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # Where things lie

    @property
    def patches_file(self) -> Path:
        """The patches, to look at and to read."""
        return self.folder / "patches.gpkg"

    @property
    def scenes_folder(self) -> Path:
        """One folder of scenes for each patch."""
        return self.folder / "scenes"

    @property
    def clouds_folder(self) -> Path:
        """One folder of cloud files for each patch."""
        return self.folder / "clouds"

    @property
    def acquisitions_folder(self) -> Path:
        """One raster of the whole area for each acquisition, which points at its scenes."""
        return self.folder / "acquisitions"

    def acquisition(self, acquisition: Acquisition) -> Path:
        """The bands of one acquisition over the whole area."""
        return self.acquisitions_folder / f"{acquisition.name}.vrt"

    def quick_look(self, acquisition: Acquisition) -> Path:
        """A small picture of one acquisition."""
        return self.folder / "quicklooks" / f"{acquisition.name}.png"

    def scene(self, patch: Patch, acquisition: Acquisition) -> Path:
        """The bands of one acquisition over one patch."""
        return self.scenes_folder / patch.id / f"{acquisition.name}.tif"

    def cells(self, patch: Patch, acquisition: Acquisition) -> Path:
        """The bands of the cloud detector over one patch, where they lie apart."""
        return self.folder / "cells" / patch.id / f"{acquisition.name}.tif"

    def cloud(self, patch: Patch, acquisition: Acquisition) -> Path:
        """The cloud probability and mask of one scene."""
        return self.clouds_folder / patch.id / f"{acquisition.name}.tif"

    def patch_raster(self, kind: str, patch: Patch) -> Path:
        """A raster of which each patch has one: `statistics`, `labels`, `maps` …"""
        return self.folder / kind / f"{patch.id}.tif"

    def product(self, name: str) -> Path:
        """A file about the whole area: `map.tif`, `report.html` …"""
        return self.folder / name

    # What is known

    @property
    def grid(self) -> PixelGrid | None:
        """The pixel grid, None before `splitarea`: what a workspace keeps for good."""
        file = self.folder / "grid.json"
        return PixelGrid(**self._grid_facts(file)["grid"]) if file.exists() else None

    @cached_property
    def layout(self) -> Layout:
        """The grid and the patches; MissingStepError before `splitarea`."""
        facts = self._grid_facts(self._needed(self.folder / "grid.json", "splitarea"))
        layer = read_vector(str(self._needed(self.patches_file, "splitarea")))
        columns = {name: layer.fields[name] for name in ("id", "row", "column", "height", "width")}
        patches = tuple(
            Patch(str(id_), Window(int(row), int(column), int(height), int(width)))
            for id_, row, column, height, width in zip(*columns.values(), strict=True)
        )
        area = shapely.from_wkb(bytes.fromhex(facts["area"]))
        return Layout(PixelGrid(**facts["grid"]), area, Window(**facts["domain"]), patches)

    def write_layout(self, layout: Layout) -> None:
        """Record the grid and the patches, these as a GeoPackage."""
        fields = {"id": np.array([patch.id for patch in layout.patches], dtype=object)}
        for name in ("row", "column", "height", "width"):
            fields[name] = np.array([getattr(patch.window, name) for patch in layout.patches], dtype=np.int64)
        write_geopackage(self.patches_file, VectorLayer("patches", layout.rectangles, fields, layout.grid.crs))
        write_json(
            self.folder / "grid.json",
            {
                "format": FORMAT,
                "grid": asdict(layout.grid),
                "domain": asdict(layout.domain),
                "area": shapely.to_wkb(layout.area, hex=True),
            },
        )
        self.__dict__.pop("layout", None)

    def refuse_other_imagery(self, source: str, imagery: str) -> None:
        """Raise WorkspaceError where the scenes kept here come from another source."""
        if (self.folder / "scenes.json").exists():
            old = self.catalogue
            if (old.source, old.imagery) != (source, imagery):
                raise WorkspaceError(
                    f"The workspace {self.folder} belongs to other settings: its scenes come from {old.source} "
                    f"{old.imagery}, not from {source} {imagery}. Choose another WORKSPACE."
                )

    @cached_property
    def catalogue(self) -> Catalogue:
        """The acquisitions; MissingStepError before `findscenes`."""
        return Catalogue.from_json(read_json(self._needed(self.folder / "scenes.json", "findscenes")))

    def write_catalogue(self, catalogue: Catalogue) -> None:
        """Record the acquisitions."""
        write_json(self.folder / "scenes.json", catalogue.to_json())
        self.__dict__.pop("catalogue", None)

    def record(self, step: str) -> dict[str, Any]:
        """The settings and facts that a step left; MissingStepError where it has not run."""
        found: dict[str, Any] = read_json(self._needed(self.folder / "records" / f"{step}.json", step))
        return found

    def write_record(self, step: str, facts: Mapping[str, Any]) -> None:
        """Record what a step was asked and what it found."""
        write_json(self.folder / "records" / f"{step}.json", facts)

    def has_record(self, step: str) -> bool:
        """Whether a step has run here."""
        return (self.folder / "records" / f"{step}.json").exists()

    # What decides the content of the files of a patch

    def scene_fingerprint(self, patch: Patch, acquisition: Acquisition) -> str:
        """Of the bands of one scene."""
        made_of = self.layout.patch_fingerprints[patch.id]
        return fingerprint("scene", acquisition.identity, acquisition.bands, made_of)

    def cells_fingerprint(self, patch: Patch, acquisition: Acquisition) -> str:
        """Of the cells of one scene."""
        made_of = self.layout.patch_fingerprints[patch.id]
        return fingerprint("cells", acquisition.identity, self.catalogue.cell_factor, made_of)

    def cloud_fingerprint(self, patch: Patch, acquisition: Acquisition) -> str:
        """Of the clouds of one scene: the settings and the scenes within reach of the neighbourhood."""
        method, numbers = self.cloud_settings(acquisition)
        within = self.layout.domain.intersection(patch.window.expanded(numbers["reach"]))
        near = self.neighbours(patch, acquisition)
        made_of = [self.scene_fingerprint(other, acquisition) for other in near]
        if acquisition.cells:
            made_of += [self.cells_fingerprint(other, acquisition) for other in near]
        return fingerprint("cloud", method, numbers, asdict(within), made_of)

    def clouds_fingerprint(self, patch: Patch) -> str:
        """Of the clouds of all scenes of a patch together."""
        return fingerprint([(item.name, self.cloud_fingerprint(patch, item)) for item in self.catalogue.acquisitions])

    def cloud_settings(self, acquisition: Acquisition) -> tuple[str, dict[str, Any]]:
        """How its clouds are told: the method and its numbers; MissingStepError before `maskclouds`."""
        settings = self._cloud_record
        method = acquisition.cloud_detection(settings["method"])
        return method, settings["methods"][method]

    def neighbours(self, patch: Patch, acquisition: Acquisition) -> list[Patch]:
        """The patches whose scenes the clouds of one scene are made of: its own and those within reach."""
        reach = self.cloud_settings(acquisition)[1]["reach"]
        return self._patches_within(reach)[patch.id]

    def _patches_within(self, reach: int) -> dict[str, list[Patch]]:
        known: dict[int, dict[str, list[Patch]]] = self.__dict__.setdefault("_near", {})
        if reach not in known:
            known[reach] = {
                patch.id: self.layout.patches_in(patch.window.expanded(reach)) if reach else [patch]
                for patch in self.layout.patches
            }
        return known[reach]

    @cached_property
    def _cloud_record(self) -> dict[str, Any]:
        return dict(self.record("maskclouds")["settings"])

    # Reading across patches

    def read_scene(self, acquisition: Acquisition, window: Window, names: Sequence[str]) -> np.ndarray:
        """Bands (band, y, x) of an acquisition in any window of the grid, 0 where no patch has data."""
        pixels = np.zeros((len(names), *window.shape), dtype=np.uint16)
        self._paste(pixels, window, names, lambda patch: self.scene(patch, acquisition), "downloadscenes")
        return pixels

    def read_cells(self, acquisition: Acquisition, cells: Window) -> np.ndarray:
        """The detector's bands (band, y, x) of an acquisition in any window of cells, 0 where no patch has data.

        Patches share the cells on their border; whichever has data there has the same.
        """
        factor = self.catalogue.cell_factor
        values = np.zeros((len(DETECTOR_BANDS), *cells.shape), dtype=np.uint16)
        for patch in self.layout.patches_in(cells.fine(factor)):
            own = patch.window.coarse(factor)
            common = own.intersection(cells)
            file = self._needed(self.cells(patch, acquisition), "downloadscenes")
            target = values[(slice(None), *cells.slices(common))]
            np.maximum(target, rasters.read_raster(file, window=common.within(own), names=DETECTOR_BANDS), out=target)
        return values

    def read_clouds(self, acquisition: Acquisition, window: Window) -> np.ndarray:
        """The cloud mask (y, x) uint8 of an acquisition in any window of the grid, 255 where there is no data."""
        mask = np.full((1, *window.shape), 255, dtype=np.uint8)
        self._paste(mask, window, ["mask"], lambda patch: self.cloud(patch, acquisition), "maskclouds")
        band: np.ndarray = mask[0]
        return band

    def read_cloud(self, patch: Patch, acquisition: Acquisition) -> tuple[np.ndarray, np.ndarray]:
        """Cloud probability in percent and mask of a scene, each (y, x) uint8, 255 = no data."""
        file = self._needed(self.cloud(patch, acquisition), "maskclouds")
        probability, mask = rasters.read_raster(file, names=["probability", "mask"])
        return probability, mask

    def read_patch(self, kind: str, patch: Patch, name: str, step: str) -> np.ndarray:
        """One band (y, x) of a raster that each patch has one of."""
        pixels: np.ndarray = rasters.read_raster(self._needed(self.patch_raster(kind, patch), step), names=[name])[0]
        return pixels

    def read_patches(self, kind: str, window: Window, name: str, dtype: str, step: str) -> np.ndarray:
        """One band (y, x) of the rasters that each patch has one of, in any window of the grid, 0 elsewhere."""
        pixels: np.ndarray = np.zeros((1, *window.shape), dtype=dtype)
        self._paste(pixels, window, [name], lambda patch: self.patch_raster(kind, patch), step)
        band: np.ndarray = pixels[0]
        return band

    def read_series(self, patch: Patch, window: Window, names: Sequence[str], threads: int) -> list[Observations]:
        """The observations of a window inside a patch, in groups of acquisitions that have the same of the bands.

        Acquisitions without a single valid observation in the window are left out; a group may so be empty.
        """
        groups: dict[tuple[str, ...], list[Acquisition]] = {}
        for item in self.catalogue.acquisitions:
            groups.setdefault(tuple(name for name in names if name in item.bands), []).append(item)
        with ThreadPoolExecutor(threads) as pool:
            return [self._observations(patch, window, own, items, pool) for own, items in groups.items() if own]

    def _observations(
        self, patch: Patch, window: Window, names: tuple[str, ...], items: list[Acquisition], pool: ThreadPoolExecutor
    ) -> Observations:
        inside = window.within(patch.window)

        def read(acquisition: Acquisition) -> tuple[np.ndarray, np.ndarray] | None:
            cloud = self._needed(self.cloud(patch, acquisition), "maskclouds")
            valid = rasters.read_raster(cloud, window=inside, names=["mask"])[0] == 0
            if not valid.any():
                return None
            scene = self._needed(self.scene(patch, acquisition), "downloadscenes")
            return rasters.read_raster(scene, window=inside, names=names), valid

        read_all = list(pool.map(read, items))
        seen = [(pixels, item.time) for pixels, item in zip(read_all, items, strict=True) if pixels is not None]
        count = window.height * window.width
        stack = np.empty((len(seen), len(names), count), dtype=np.uint16)
        valid = np.empty((len(seen), count), dtype=bool)
        for number, ((bands, mask), _) in enumerate(seen):
            stack[number] = bands.reshape(len(names), count)
            valid[number] = mask.ravel()
        return Observations(names, stack, valid, tuple(time for _, time in seen))

    def _paste(
        self, pixels: np.ndarray, window: Window, names: Sequence[str], path: Callable[[Patch], Path], step: str
    ) -> None:
        for patch in self.layout.patches_in(window):
            common = patch.window.intersection(window)
            inside = common.within(patch.window)
            values = rasters.read_raster(self._needed(path(patch), step), window=inside, names=names)
            pixels[(slice(None), *window.slices(common))] = values

    # Holding it

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, keep other runs out while the block lasts, and clear away what a killed run left.

        Raises WorkspaceError where the folder cannot be written or another run holds it.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open(self.folder / ".lock", "a+", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {self.folder} cannot be written ({error.strerror}). Choose another WORKSPACE."
            ) from error
        with lock:
            if not take_lock(lock):
                lock.seek(0)
                told = lock.read().strip()
                holder = "another run" if told in ("", _FREE) else told  # it has yet to say who it is
                raise WorkspaceError(f"The workspace {self.folder} is held by {holder}. Wait for it or cancel it.")
            lock.seek(0)
            if lock.read() != _FREE:  # looking through a country's files takes longer than answering a small question
                remove_temporary_files(self.folder)
            _note(lock, f"process {os.getpid()} on {socket.gethostname()}")
            yield
            _note(lock, _FREE)

    def forget(self, step: str) -> None:
        """Remove the record of a step whose files are about to be written again."""
        (self.folder / "records" / f"{step}.json").unlink(missing_ok=True)

    def _grid_facts(self, file: Path) -> dict[str, Any]:
        facts: dict[str, Any] = read_json(file)
        if facts["format"] != FORMAT:
            raise WorkspaceError(f"{self.folder} was made by another version of Patchwork. Choose another WORKSPACE.")
        return facts

    def missing(self, what: str, step: str) -> MissingStepError:
        """The error that tells which step must run first."""
        return MissingStepError(f"The workspace {self.folder} has no {what} yet: run {step} first.")

    def _needed(self, file: Path, step: str) -> Path:
        if not file.exists():
            raise self.missing(str(file.relative_to(self.folder)), step)
        return file


def _note(lock: IO[str], text: str) -> None:
    """Put a text in place of the lock's content; a disk without room for it leaves the file empty."""
    with suppress(OSError):
        os.truncate(lock.fileno(), 0)
        os.write(lock.fileno(), text.encode())
