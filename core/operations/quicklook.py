"""A small picture of one acquisition, without fetching its scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..errors import ParameterError
from ..frozen import frozen
from ..parameters import FileOutput, Number, NumberOutput, Operation, Text
from ..progress import Progress
from ..vocabulary.plurals import counted
from .declarations.sources import PlanningParameters
from .declarations.workspace import WorkspaceParameters

if TYPE_CHECKING:
    import numpy as np

    from ..store.acquisitions import Acquisition
    from ..store.workspace import Workspace

_TRUE_COLOUR = ("B04", "B03", "B02")
_BRIGHT = 3000.0  # reflectance × 10000 of clouds and snow in all three bands
_BRIGHT_TAG = "PATCHWORK_BRIGHT"


@frozen
class AcquisitionParameters(WorkspaceParameters):
    """Parameter of the acquisition."""

    time: Annotated[
        str, Text("Time", "Time of the acquisition as Find scenes lists it, such as 20190731T100031 (UTC).")
    ]


@frozen
class QuickLook(PlanningParameters, AcquisitionParameters):
    """Parameters of quicklook: the acquisition, its source and the size of the picture."""

    size: Annotated[
        int,
        Number(
            "Size",
            "Longer side of the picture. Paid services take about a third of a processing unit for 300 pixels; an "
            "existing picture costs nothing.",
            unit="px",
            whole=True,
            minimum=16,
            maximum=2000,
        ),
    ] = 300


@frozen
class QuickLookPicture:
    """Results of quicklook: the picture."""

    picture: Annotated[
        Path,
        FileOutput(
            "Quick look", "The whole area in true colour, radar in grey; no data is transparent.", True, extension="png"
        ),
    ]
    bright: Annotated[
        float,
        NumberOutput(
            "Bright fraction", "Fraction of the pixels that are as bright as clouds or snow; NULL if unknown."
        ),
    ] = float("nan")


def run(parameters: QuickLook, progress: Progress) -> QuickLookPicture:
    """Read the area on a coarse grid, unless the picture exists."""
    from dataclasses import asdict

    from ..imagery.sources.protocols import is_paid
    from ..plots.images import save_picture
    from ..store.fingerprints import fingerprint
    from ..store.rasters import FINGERPRINT_TAG, fingerprint_of, read_tags
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    item = _chosen(workspace, parameters.time)
    layout = workspace.layout
    factor = -(-max(layout.domain.shape) // parameters.size)
    grid, window = layout.grid.coarse(factor), layout.domain.coarse(factor)
    bands = _shown(item)
    file = workspace.paths.quick_look(item)
    made_of = fingerprint("quicklook", item.identity, bands, asdict(grid), asdict(window))
    if fingerprint_of(file) != made_of:
        source = parameters.open_source(parameters.ledger(workspace))
        workspace.require_imagery(source.kind, source.imagery)
        if grid.pixel_width > source.traits.coarsest:
            factor = int(source.traits.coarsest // layout.grid.pixel_width)
            grid, window = layout.grid.coarse(factor), layout.domain.coarse(factor)
        if is_paid(source):
            progress.info(f"{source.price(item, bands, window).units:.2f} processing units.")
        pixels = source.read(item, bands, grid, window)
        save_picture(_drawn(pixels), file, {FINGERPRINT_TAG: made_of, _BRIGHT_TAG: str(_bright_fraction(pixels))})
    progress.report(1.0)
    return QuickLookPicture(file, float(read_tags(file).get(_BRIGHT_TAG, "nan")))


def _chosen(workspace: Workspace, time: str) -> Acquisition:
    acquisitions = workspace.catalogue.acquisitions
    for item in acquisitions:
        if item.name == time:
            return item
    raise ParameterError(
        f"Time (TIME): there is no acquisition at {time}; the workspace has "
        f"{counted(len(acquisitions), 'acquisition')}, from "
        f"{acquisitions[0].name} to {acquisitions[-1].name}."
    )


def _shown(item: Acquisition) -> tuple[str, ...]:
    """Red, green and blue if the acquisition has all three, otherwise one band."""
    if set(_TRUE_COLOUR) <= set(item.bands):
        return _TRUE_COLOUR
    return ("VV",) if "VV" in item.bands else item.bands[:1]


def _drawn(pixels: np.ndarray) -> np.ndarray:
    """(y, x, 4) uint8 of three bands, or of one in grey."""
    import numpy as np

    from ..plots.images import Stretch, stretch_of, true_colour

    if len(pixels) == len(_TRUE_COLOUR):
        return true_colour(pixels, stretch_of([pixels], [pixels.max(axis=0) < _BRIGHT]))
    seen = pixels[pixels > 0]
    low, usual, high = np.percentile(seen, (1, 90, 99)) if seen.size else (0.0, 1.0, 1.0)
    return true_colour(pixels.repeat(3, axis=0), Stretch(np.full(3, low), float(usual), float(high)))


def _bright_fraction(pixels: np.ndarray) -> float:
    """The fraction of the pixels with data that are bright in all three bands; NaN if there are fewer bands."""
    has_data = pixels.any(axis=0)
    if len(pixels) < len(_TRUE_COLOUR) or not has_data.any():
        return float("nan")
    return float((pixels.min(axis=0) >= _BRIGHT)[has_data].mean())


OPERATION = Operation(
    name="quicklook",
    label="Quick look",
    group="1 Area and imagery",
    summary="Shows one acquisition over the whole area as a small picture, which is kept.",
    parameters=QuickLook,
    results=QuickLookPicture,
    run=run,
    tags=("preview", "thumbnail", "true colour", "clouds"),
    in_worker=True,
)
