"""Make a land-cover map: all steps in one run."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Callable

from ..frozen import frozen
from ..imagery.sources import SOURCES
from ..parameters import FolderOutput, Operation, PageOutput, RasterOutput
from ..progress import Progress
from . import observationstatistics, splitarea
from .classifypatches import ModelParameters
from .declarations.reference import with_built_in_reference
from .downloadscenes import DownloadScenes
from .drawsamples import DrawSamples
from .drawsamples import run as draw_samples
from .findscenes import run as find_scenes
from .maskclouds import MaskClouds
from .maskclouds import run as mask_clouds
from .rasterizereference import RasterizeReference
from .rasterizereference import run as rasterize_reference
from .trainmodel import Accuracy, TrainModel


@frozen
class MakeMap(
    ModelParameters,
    TrainModel,
    DrawSamples,
    RasterizeReference,
    MaskClouds,
    DownloadScenes,
    splitarea.SplitArea,
):
    """Parameters of makemap: those of all steps."""

    def faults(self) -> list[str]:
        """A reference is needed, unless the source comes with one."""
        reference = "Reference (REFERENCE) is missing: polygons of known class."
        is_missing = not self.reference and self.model is None and SOURCES[self.source].reference is None
        return [*super().faults(), *([reference] if is_missing else [])]


@frozen
class MadeMap(Accuracy):
    """Results of makemap: the map, the layers beside it, and the report."""

    map: Annotated[Path, RasterOutput("Land-cover map", "The class of every pixel, 0 = no data.", destination=True)]
    confidence: Annotated[
        Path, RasterOutput("Confidence", "The model's probability of the class, in percent.", destination=True)
    ]
    valid_count: Annotated[
        Path, RasterOutput("Valid observations", "Number of valid observations of each pixel.", destination=True)
    ]
    report: Annotated[Path, PageOutput("Report", "Observations, accuracy and map on one page.", destination=True)]
    workspace: Annotated[Path, FolderOutput("Workspace", "All files of the run.")]


def fetch_and_mask(parameters: MakeMap, progress: Progress) -> object:
    """Fetch the scenes and mask clouds; from a network, both at the same time.

    The cloud settings are checked first, so that missing bands are reported before anything is fetched.
    """
    from ..clouds.beside import masking_beside
    from ..imagery.fetching import fetch_scenes
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    masks = parameters.masks(workspace)
    source = parameters.open_source(parameters.ledger(workspace))
    resources = parameters.resources
    less = replace(resources, memory=max(resources.memory * 3 // 4, 500))
    with masking_beside(masks, less) as on_arrival:
        fetch_scenes(workspace, source, parameters.connections, resources, progress.part(0.0, 0.7), on_arrival)
    return mask_clouds(parameters, progress.part(0.7, 1.0))


def _classify(parameters: MakeMap, progress: Progress) -> object:
    """Classify with the model that this run has trained, or the one that was given."""
    from ..mapping.classification import refresh_maps
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    return refresh_maps(workspace, parameters.model, parameters.map_settings, parameters.resources, progress)


Step = tuple[str, float, Callable[[Any, Progress], Any]]

# The steps in order, and roughly the fraction of the time that each takes.
STEPS: list[Step] = [
    ("Splitting the area", 0.01, splitarea.run),
    ("Finding scenes", 0.01, find_scenes),
    ("Rasterizing the reference", 0.03, rasterize_reference),
    ("Fetching scenes and masking clouds", 0.49, fetch_and_mask),
    ("Counting observations", 0.08, observationstatistics.run),
    ("Drawing samples", 0.1, draw_samples),
    ("Training the model", 0.13, TrainModel.train),
    ("Classifying patches", 0.13, _classify),
]
_LAST = "Stitching the map and writing the report"


# What a run with a model of its own leaves out
_OF_TRAINING = (rasterize_reference, draw_samples, TrainModel.train)


def _with_bands_of_model(parameters: MakeMap) -> MakeMap:
    """The parameters with the bands and indices of the given model, which decide what is fetched."""
    if parameters.model is None:
        return parameters
    from ..learning.models import load_model

    plan = load_model(parameters.model).plan
    return replace(parameters, bands=plan.bands, indices=plan.indices)


def run(parameters: MakeMap, progress: Progress) -> MadeMap:
    """Run every step in order; results that are up to date are kept. With a MODEL nothing is trained."""
    from .. import report
    from ..imagery.sources.services import public_text
    from ..mapping.area_rasters import write_layer, write_requested
    from ..store.records import RunRecord
    from ..store.workspace import Workspace
    from ..versions import package_versions

    workspace = Workspace(parameters.workspace)
    parameters = _with_bands_of_model(parameters)
    if parameters.model is None:
        parameters = with_built_in_reference(parameters, parameters.source, workspace.paths.sample_reference)
    steps = [step for step in STEPS if parameters.model is None or step[2] not in _OF_TRAINING]
    workspace.forget(RunRecord)  # until the end: a run without its record is incomplete
    seconds: dict[str, float] = {}
    done = 0.0
    found = (float("nan"), float("nan"), float("nan"))
    for number, (title, weight, step) in enumerate(steps, start=1):
        began = time.monotonic()
        result: Any = step(parameters, progress.step(title, number, len(steps) + 1, done, done + weight))
        if step is TrainModel.train:
            found = (result.value, result.low, result.high)
        seconds[title] = round(time.monotonic() - began, 1)
        done += weight
    progress.step(_LAST, len(steps) + 1, len(steps) + 1, done, 1.0)
    began = time.monotonic()
    map_, confidence, count = (
        write_layer(workspace, name, Progress()) for name in ("map", "confidence", "valid_count")
    )
    write_requested(workspace, parameters.layers)
    seconds["Stitching the map"] = round(time.monotonic() - began, 1)
    values = parameters.to_values().items()
    shown = {name: public_text(value) if isinstance(value, str) else value for name, value in values}
    workspace.write(RunRecord(shown, package_versions(), seconds))
    page = report.refresh_report(workspace)
    return MadeMap(*found, map_, confidence, count, page, workspace.folder)


OPERATION = Operation(
    name="makemap",
    label="Make land-cover map",
    group="0 All in one",
    summary="Makes a land-cover map from an area and reference polygons, with every step between: patches, scenes, "
    "cloud masks, statistics, labels, samples, model, classification, mosaic and report.",
    parameters=MakeMap,
    results=MadeMap,
    run=run,
    tags=("land cover", "Sentinel-2", "classification", "map"),
)
