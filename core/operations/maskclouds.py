"""Cloud probability and cloud mask for every scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any, Callable, Optional

from ..errors import DataError
from ..frozen import frozen
from ..parameters import FolderOutput, Number, Operation
from ..progress import Progress
from .declarations import CloudDetection, Heavy

if TYPE_CHECKING:
    from ..grid.patches import Patch
    from ..imagery.downloads import Download
    from ..store.records import Acquisition
    from ..store.workspace import Workspace

    Scene = tuple[Patch, Acquisition]


@frozen
class MaskClouds(CloudDetection, Heavy):
    """How clouds are told."""

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


@frozen
class Masked:
    """Where the clouds are."""

    clouds: Annotated[
        Path,
        FolderOutput("Clouds", "One folder for each patch, one GeoTIFF for each acquisition: probability and mask."),
    ]


def run(parameters: MaskClouds, progress: Progress) -> Masked:
    """Write probability and mask of every scene that has none yet."""
    from ..imagery.layers import write_cloud_styles
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    write_settings(parameters, workspace)
    scenes = [(patch, item) for patch in workspace.layout.patches for item in workspace.catalogue.acquisitions]
    mask(parameters, workspace, scenes, progress)
    write_cloud_styles(workspace)
    return Masked(workspace.clouds_folder)


def write_settings(parameters: MaskClouds, workspace: Workspace) -> None:
    """Record how clouds are told; DataError where a method lacks its bands."""
    workspace.write_record("maskclouds", {"settings": settings_of(parameters, workspace)})


@contextmanager
def masking_beside(parameters: MaskClouds, workspace: Workspace) -> Iterator[Callable[[Download], None]]:
    """Mask clouds while the block fetches: gives what is to be told of each file that is there.

    A scene is masked when all is there that its clouds are made of. What is left when the block ends is left to `run`,
    and so are failures, which come again there.
    """
    arrivals: Queue[Optional[Download]] = Queue()
    frugal = replace(parameters, memory=max(parameters.memory * 3 // 4, 500))
    worker = Thread(target=_mask_arrivals, args=(frugal, workspace, arrivals), daemon=True)
    worker.start()
    try:
        yield arrivals.put
    finally:
        arrivals.put(None)
        worker.join()


def _mask_arrivals(parameters: MaskClouds, workspace: Workspace, arrivals: Queue[Optional[Download]]) -> None:
    """Take in what has arrived, mask the scenes that are complete with it, and so on until None arrives."""
    there: set[tuple[str, str, int]] = set()

    def is_complete(patch: Patch, item: Acquisition) -> bool:
        factors = (1, workspace.catalogue.cell_factor) if item.cells else (1,)
        near = workspace.neighbours(patch, item)
        return all((other.id, item.name, factor) in there for other in near for factor in factors)

    while True:
        batch = [arrivals.get()]
        while not arrivals.empty():
            batch.append(arrivals.get())
        arrived = [download for download in batch if download is not None]
        if len(arrived) < len(batch):
            return
        there.update((each.patch.id, each.acquisition.name, each.factor) for each in arrived)
        touched = {
            (near.id, each.acquisition.name): (near, each.acquisition)
            for each in arrived
            for near in workspace.neighbours(each.patch, each.acquisition)
        }
        with suppress(DataError):
            mask(parameters, workspace, [scene for scene in touched.values() if is_complete(*scene)], Progress())


def mask(parameters: MaskClouds, workspace: Workspace, scenes: Sequence[Scene], progress: Progress) -> None:
    """Write probability and mask of those of the scenes that have none yet, as recorded."""
    from ..clouds.masks import write_mask
    from ..execution import Resources, run_all
    from ..store.rasters import fingerprint_of

    missing = [s for s in scenes if fingerprint_of(workspace.cloud(*s)) != workspace.cloud_fingerprint(*s)]
    resources = Resources(parameters.memory, parameters.jobs, parameters.backend)
    share = resources.share(len(missing))
    run_all(
        partial(write_mask, workspace, share.threads, share.budget),
        missing,
        lambda scene: f"Clouds of patch {scene[0].id} at {scene[1].name}",
        resources,
        progress,
        patch_of=lambda scene: scene[0],
    )


def settings_of(parameters: MaskClouds, workspace: Workspace) -> dict[str, Any]:
    """What decides the masks: the method asked for, and for each that it stands for its numbers and its reach.

    Raises DataError where a method lacks its bands.
    """
    methods = {item.cloud_detection(parameters.method) for item in workspace.catalogue.acquisitions}
    found = {method: _numbers(parameters, method, workspace) for method in sorted(methods)}
    return {"method": parameters.method, "methods": found}


def _numbers(parameters: MaskClouds, method: str, workspace: Workspace) -> dict[str, Any]:
    """The numbers of one method; `reach` is how many pixels around a pixel decide its mask."""
    from .findscenes import cell_factor

    dilation = parameters.dilation
    if method == "none":
        return {"reach": 0}
    if method == "clp":
        return {"threshold": parameters.threshold, "dilation": dilation, "reach": dilation}
    if method != "s2cloudless":
        return {"dilation": dilation, "reach": dilation}
    factor = cell_factor(parameters.cloud_resolution, workspace.layout.grid)
    kept = workspace.catalogue.cell_factor
    if kept and kept != factor:
        raise DataError(
            f"The cloud bands of this workspace are kept in cells of {kept} pixels, and CLOUD_RESOLUTION "
            f"{parameters.cloud_resolution:g} m asks for {factor}. Run downloadscenes with it, or choose "
            f"{kept * workspace.layout.grid.pixel_width:g} m."
        )
    cells = parameters.average_over + dilation
    return {
        "factor": factor,
        "threshold": parameters.threshold,
        "average_over": parameters.average_over,
        "dilation": dilation,
        "reach": cells * factor + factor - 1,
    }


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
