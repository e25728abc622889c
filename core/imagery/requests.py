"""Requests to a source: what is missing, in as few of them as possible, and the files that they are written to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from ..grid.patches import Patch
from ..grid.windows import Window
from ..store.fingerprints import fingerprint
from ..store.paths import WorkspacePaths
from ..store.rasters import FINGERPRINT_TAG, fingerprint_of, read_raster, write_raster
from ..store.workspace import Workspace
from ..vocabulary.bands import RADAR_BANDS
from .downloads import Download
from .sources.protocols import Source

_RADAR_UNITS = "backscatter in decibel × 1000 + 50000"


@dataclass(frozen=True)
class Request:
    """Files of one acquisition near one patch that are read together: the first one has all bands of the others."""

    downloads: tuple[Download, ...]

    @property
    def first(self) -> Download:
        """The file that gives the bands, and the grid of pixels or cells."""
        return self.downloads[0]

    @property
    def window(self) -> Window:
        """The smallest window that contains those of all files."""
        windows = [download.window for download in self.downloads]
        return Window.between(
            min(window.row for window in windows),
            min(window.column for window in windows),
            max(window.bottom for window in windows),
            max(window.right for window in windows),
        )

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the files."""
        fingerprints = [download.fingerprint for download in self.downloads]
        return fingerprints[0] if len(fingerprints) == 1 else fingerprint(fingerprints)


def join_downloads(downloads: Iterable[Download], widest: int) -> list[Request]:
    """The requests for the files, in order: surroundings are read with the scene, or the cells, that lies inside them.

    `widest` is the maximum side of a window in pixels, 0 if there is none: where a joint window would be cut into more
    parts, the files are read one by one.
    """
    requests: list[Request] = []
    for _, group in groupby(downloads, key=lambda each: (each.patch.id, each.acquisition.name, each.factor)):
        files = tuple(group)
        joint = Request(files)
        if len(files) > 1 and _count(joint.window, widest) > _count(files[0].window, widest):
            requests += [Request((file,)) for file in files]
        else:
            requests.append(joint)
    return requests


def _count(window: Window, widest: int) -> int:
    return len(list(window.tiles(widest or max(window.shape))))


def label_of(request: Request) -> str:
    """The label of the request in messages."""
    return request.first.label


def patch_of(request: Request) -> Patch:
    """The patch that the request is for."""
    return request.first.patch


def fetch(workspace: Workspace, source: Source, request: Request) -> None:
    """Write the files of a request, each whole or not at all.

    Pixels outside the area are no data, so that files do not depend on how patches are cut; cells with any pixel of
    the area are kept. Of the surroundings it is the other way round.
    """
    first, window = request.first, request.window
    parts = parts_of(request, workspace.paths, source.traits.widest) if first.shows_patch else []
    pixels = np.zeros((len(first.bands), *window.shape), dtype=np.uint16)
    for part, file in parts:
        kept = file if len(parts) > 1 else None
        pixels[(slice(None), *window.slices(part))] = _read(source, request, part, kept)
    for download in request.downloads:
        numbers = [first.bands.index(band) for band in download.bands]
        outside = workspace.layout.outside(download.window, download.factor)
        own = pixels[(numbers, *window.slices(download.window))]
        own *= outside if download.kind == "surroundings" else ~outside
        _write(source, download, download.file, download.fingerprint, download.window, own)
    for _, file in parts:
        file.unlink(missing_ok=True)


def parts_of(request: Request, paths: WorkspacePaths, widest: int) -> list[tuple[Window, Path]]:
    """The windows of single requests, each with the file that keeps it until all are fetched."""
    first, window = request.first, request.window
    kept, name = paths.parts(first.patch), f"{first.acquisition.name}-{first.kind}"
    windows = window.tiles(widest or max(window.shape))
    return [(part, kept / f"{name}-{number}.tif") for number, part in enumerate(windows)]


def _read(source: Source, request: Request, part: Window, file: Path | None) -> np.ndarray:
    """The pixels of one part, from its file if it exists: what was paid for is not requested again."""
    if file is not None and fingerprint_of(file) == request.fingerprint:
        return read_raster(file)
    first = request.first
    pixels = source.read(first.acquisition, first.bands, first.grid, part)
    if file is not None:
        _write(source, first, file, request.fingerprint, part, pixels)
    return pixels


def _write(source: Source, download: Download, file: Path, stamp: str, window: Window, pixels: np.ndarray) -> None:
    is_radar = set(download.bands) <= set(RADAR_BANDS)
    tags = {
        FINGERPRINT_TAG: stamp,
        "TIFFTAG_DATETIME": download.acquisition.time.strftime("%Y:%m:%d %H:%M:%S"),
        "UNITS": _RADAR_UNITS if is_radar else "reflectance × 10000",
        "SOURCE": source.kind,
    }
    write_raster(file, pixels, download.grid, window, nodata=0, names=download.bands, tags=tags)
