"""Cloud probability and cloud mask for every scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..errors import DataError
from ..parameters import Choice, FolderOutput, Number, Operation
from ..progress import Progress
from .declarations import Heavy

if TYPE_CHECKING:
    import numpy as np

    from ..grid import Patch, PixelGrid, Window
    from ..records import Acquisition
    from ..workspace import Workspace


@dataclass(frozen=True)
class MaskClouds(Heavy):
    """How clouds are told."""

    method: Annotated[
        str,
        Choice(
            "Cloud detection",
            "Automatic takes the scene classification (SCL) where the imagery has that band, otherwise s2cloudless, "
            "which needs ten bands of L1C: B01, B02, B04, B05, B08, B8A, B09, B10, B11, B12.",
            options={"auto": "Automatic", "s2cloudless": "s2cloudless (L1C)", "scl": "Scene classification (L2A)"},
        ),
    ] = "auto"
    cloud_resolution: Annotated[
        float,
        Number(
            "Cloud resolution",
            "s2cloudless looks at cells of about this size. It is trained at 60 m to 160 m, and four times faster with "
            "cells twice as large. 0 takes the pixels as they are.",
            advanced=True,
            unit="m",
            minimum=0,
        ),
    ] = 60.0
    threshold: Annotated[
        float,
        Number("Threshold", "Above this probability it is cloud.", advanced=True, minimum=0, maximum=1),
    ] = 0.4
    average_over: Annotated[
        int,
        Number(
            "Average over",
            "The probability is averaged over a disk of this radius before the threshold; 0 does not average.",
            advanced=True,
            unit="cells",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 2
    dilation: Annotated[
        int,
        Number(
            "Dilation",
            "The mask grows by this radius, in cells (pixels with SCL).",
            advanced=True,
            unit="cells",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 1


@dataclass(frozen=True)
class Masked:
    """Where the clouds are."""

    clouds: Annotated[
        Path,
        FolderOutput("Clouds", "One folder for each patch, one GeoTIFF for each acquisition: probability and mask."),
    ]


def run(parameters: MaskClouds, progress: Progress) -> Masked:
    """Write probability and mask of every scene that has none yet."""
    from ..execution import Resources, run_all
    from ..rasters import fingerprint_of
    from ..workspace import Workspace

    workspace = Workspace(parameters.workspace)
    workspace.write_record("maskclouds", {"settings": settings_of(parameters, workspace)})
    scenes = [(patch, item) for patch in workspace.layout.patches for item in workspace.catalogue.acquisitions]
    missing = [s for s in scenes if fingerprint_of(workspace.cloud(*s)) != workspace.cloud_fingerprint(*s)]
    resources = Resources(parameters.memory, parameters.jobs, parameters.backend)
    share = resources.share(len(missing))
    run_all(
        partial(_mask, workspace, share.threads, share.budget),
        missing,
        lambda scene: f"Clouds of patch {scene[0].id} at {scene[1].name}",
        resources,
        progress,
    )
    return Masked(workspace.clouds_folder)


def settings_of(parameters: MaskClouds, workspace: Workspace) -> dict[str, Any]:
    """What decides the masks: the method that `auto` stands for, its numbers, and how many pixels it reaches."""
    from ..clouds import DETECTOR_BANDS

    bands = workspace.catalogue.bands
    lacking = [band for band in DETECTOR_BANDS if band not in bands]
    method = parameters.method
    if method == "auto":
        method = "scl" if "SCL" in bands else "s2cloudless"
    if method == "scl" and "SCL" not in bands:
        raise DataError("METHOD scl needs the band SCL, which this imagery lacks. Take s2cloudless, or L2A imagery.")
    if method == "s2cloudless" and lacking:
        raise DataError(
            f"s2cloudless needs the bands {', '.join(DETECTOR_BANDS)}; this imagery lacks {', '.join(lacking)}. "
            "Use L1C imagery with these bands, or imagery with the scene classification SCL."
        )
    if method == "scl":
        return {"method": "scl", "dilation": parameters.dilation, "reach": parameters.dilation}
    factor = _factor(parameters.cloud_resolution, workspace.layout.grid)
    cells = parameters.average_over + parameters.dilation
    return {
        "method": "s2cloudless",
        "factor": factor,
        "threshold": parameters.threshold,
        "average_over": parameters.average_over,
        "dilation": parameters.dilation,
        "reach": cells * factor + factor - 1,
    }


def _factor(cloud_resolution: float, grid: PixelGrid) -> int:
    """How many pixels make the side of a cell."""
    return max(round(cloud_resolution / grid.pixel_width), 1)


def _mask(workspace: Workspace, threads: int, budget: int, scene: tuple[Patch, Acquisition]) -> None:
    """Write the clouds of one scene, strip by strip under the budget."""
    import numpy as np

    from ..rasters import FINGERPRINT_TAG, write_raster

    patch, acquisition = scene
    settings = workspace.record("maskclouds")["settings"]
    make = _by_scl if settings["method"] == "scl" else _by_s2cloudless
    # One pixel of the detector's bands takes about 100 bytes on the way: counts, sums and means of cells.
    rows = max(budget // (120 * (patch.window.width + 2 * settings["reach"])) - 2 * settings["reach"], 64)
    bands = np.empty((2, *patch.window.shape), dtype=np.uint8)
    for strip in patch.window.strips(rows):
        bands[(slice(None), *patch.window.slices(strip))] = make(workspace, acquisition, strip, settings, threads)
    write_raster(
        workspace.cloud(patch, acquisition),
        bands,
        workspace.layout.grid,
        patch.window,
        nodata=255,
        names=("probability", "mask"),
        tags={
            FINGERPRINT_TAG: workspace.cloud_fingerprint(patch, acquisition),
            "TIFFTAG_DATETIME": acquisition.time.strftime("%Y:%m:%d %H:%M:%S"),
            "METHOD": settings["method"],
        },
    )


def _by_scl(
    workspace: Workspace, acquisition: Acquisition, window: Window, settings: dict[str, Any], threads: int
) -> np.ndarray:
    import numpy as np

    from ..clouds import classify_scl

    around = window.expanded(settings["reach"]).intersection(workspace.layout.domain)
    scl = workspace.read_scene(acquisition, around, ["SCL"])[0]
    probability, mask, has_data = classify_scl(scl, settings["dilation"])
    clouds = np.where(has_data, np.stack([probability, mask.astype(np.uint8)]), np.uint8(255))
    return clouds[(slice(None), *around.slices(window))]


def _by_s2cloudless(
    workspace: Workspace, acquisition: Acquisition, window: Window, settings: dict[str, Any], threads: int
) -> np.ndarray:
    """(2, y, x): cells are whole multiples from the grid's origin and neighbours are read past the patch's edge."""
    import numpy as np

    from ..clouds import DETECTOR_BANDS, cell_reflectance, cloud_mask, cloud_probability, percent

    factor, margin = settings["factor"], settings["average_over"] + settings["dilation"]
    cells = window.coarse(factor).expanded(margin).intersection(workspace.layout.domain.coarse(factor))
    pixels = workspace.read_scene(acquisition, cells.fine(factor), DETECTOR_BANDS)
    reflectance, has_data = cell_reflectance(pixels, factor)
    probability = cloud_probability(reflectance, has_data, threads)
    mask = cloud_mask(
        probability,
        has_data,
        threshold=settings["threshold"],
        average_over=settings["average_over"],
        dilation=settings["dilation"],
    )
    coarse = np.stack([percent(probability), mask.astype(np.uint8)])
    fine = coarse.repeat(factor, axis=1).repeat(factor, axis=2)
    clouds = np.where(pixels.any(axis=0), fine, np.uint8(255))
    return clouds[(slice(None), *cells.fine(factor).slices(window))]


OPERATION = Operation(
    name="maskclouds",
    label="Mask clouds",
    group="2 Clouds and statistics",
    summary="Tells for every pixel of every scene how likely it is cloud (in percent) and whether it is masked.",
    parameters=MaskClouds,
    results=Masked,
    run=run,
    tags=("cloud", "s2cloudless", "SCL"),
)
