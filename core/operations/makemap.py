"""From an area to a classified map, in one go."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Callable

from ..frozen import frozen
from ..parameters import FolderOutput, NumberOutput, Operation, PageOutput, RasterOutput
from ..progress import Progress
from . import (
    classifypatches,
    downloadscenes,
    drawsamples,
    findscenes,
    maskclouds,
    observationstatistics,
    rasterizereference,
    splitarea,
    trainmodel,
)


@frozen
class MakeMap(
    classifypatches.Smoothing,
    trainmodel.TrainModel,
    drawsamples.DrawSamples,
    rasterizereference.RasterizeReference,
    maskclouds.MaskClouds,
    downloadscenes.DownloadScenes,
    splitarea.SplitArea,
):
    """The parameters of all steps."""

    def faults(self) -> list[str]:
        """The sample region alone brings a reference."""
        reference = "Reference (REFERENCE) is missing: polygons of known class."
        return [*super().faults(), *([reference] if self.source != "sample" and not self.reference else [])]


@frozen
class Made:
    """The map, the layers beside it, and the report."""

    map: Annotated[Path, RasterOutput("Land-cover map", "The class of every pixel, 0 = no data.", destination=True)]
    confidence: Annotated[
        Path, RasterOutput("Confidence", "How probable the class is to the model, in percent.", destination=True)
    ]
    valid_count: Annotated[Path, RasterOutput("Valid observations", "How often each pixel was seen.", destination=True)]
    report: Annotated[Path, PageOutput("Report", "What was seen, learnt and mapped, as one page.", destination=True)]
    workspace: Annotated[Path, FolderOutput("Workspace", "All files of the run.")]
    accuracy: Annotated[float, NumberOutput("Overall accuracy (0 to 1), cross-validated by polygons")]


def _classify(parameters: MakeMap, progress: Progress) -> object:
    """With the model that this run trains."""
    return classifypatches.classify(parameters, None, progress)


def fetch_and_mask(parameters: MakeMap, progress: Progress) -> object:
    """Clouds are masked while what comes from a network is still on its way.

    First comes a look at what clouds are told by: that it is missing should not be said at the end of a night.
    """
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    maskclouds.write_settings(parameters, workspace)
    with maskclouds.masking_beside(parameters, workspace) as on_arrival:
        downloadscenes.fetch(parameters, progress.part(0.0, 0.7), on_arrival)
    return maskclouds.run(parameters, progress.part(0.7, 1.0))


Step = tuple[str, float, Callable[[Any, Progress], Any]]

# The steps in order, with about how much of the time each takes.
STEPS: list[Step] = [
    ("Splitting the area", 0.01, splitarea.run),
    ("Finding scenes", 0.01, findscenes.run),
    ("Rasterizing the reference", 0.03, rasterizereference.run),
    ("Fetching scenes and masking clouds", 0.49, fetch_and_mask),
    ("Counting observations", 0.08, observationstatistics.run),
    ("Drawing samples", 0.1, drawsamples.run),
    ("Training the model", 0.13, trainmodel.train),
    ("Classifying patches", 0.13, _classify),
]


def run(parameters: MakeMap, progress: Progress) -> Made:
    """Every step in order; what is done and up to date is not done again."""
    from .. import report
    from ..store.workspace import Workspace
    from ..versions import package_versions
    from .mosaicmap import write_layer

    workspace = Workspace(parameters.workspace)
    parameters = rasterizereference.with_sample_reference(parameters, parameters.source)
    workspace.forget("makemap")  # until the end: that it is missing tells that a run has not come to its end
    seconds: dict[str, float] = {}
    done = 0.0
    accuracy = float("nan")
    for number, (title, weight, step) in enumerate(STEPS, start=1):
        began = time.monotonic()
        result = step(parameters, progress.step(title, number, len(STEPS) + 1, done, done + weight))
        accuracy = result if step is trainmodel.train else accuracy
        seconds[title] = round(time.monotonic() - began, 1)
        done += weight
    progress.step("Stitching the map and writing the report", len(STEPS) + 1, len(STEPS) + 1, done, 1.0)
    began = time.monotonic()
    files = {name: write_layer(workspace, name, Progress()) for name in ("map", "confidence", "valid_count")}
    seconds["Stitching the map"] = round(time.monotonic() - began, 1)
    workspace.write_record(
        "makemap", {"parameters": parameters.to_values(), "versions": package_versions(), "seconds": seconds}
    )
    page = report.write_report(workspace)
    return Made(**files, report=page, workspace=workspace.folder, accuracy=accuracy)


OPERATION = Operation(
    name="makemap",
    label="Make land-cover map",
    group="0 All in one",
    summary="From an area and reference polygons to a land-cover map, with every step between: patches, scenes, cloud "
    "masks, statistics, labels, samples, model, classification, mosaic and report.",
    parameters=MakeMap,
    results=Made,
    run=run,
    tags=("land cover", "Sentinel-2", "classification", "map"),
)
