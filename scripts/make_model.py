"""Make the model that Patchwork ships, `resources/models/landcovermodel.model3`, of the steps as they are declared.

    python3 scripts/make_model.py        (a Python that has PyQGIS, of QGIS 3.22)

Run it again when a step's parameters change; a test reports when this is needed. Later versions of QGIS give the
outputs of new models other names, and those of this one never change.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "core" / "launcher"))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_HASH_SEED"] = "0"  # the same file every time

from qgis.core import (  # noqa: E402
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
)
from qgis.PyQt.QtCore import QPointF, QSizeF  # noqa: E402

from patchwork.core.operations import OPERATIONS  # noqa: E402
from patchwork.core.operations.makemap import MakeMap  # noqa: E402
from patchwork.core.parameters import declared  # noqa: E402
from patchwork.processing_provider import bindings  # noqa: E402

FILE = ROOT / "resources" / "models" / "landcovermodel.model3"
TITLE = "Land-cover map step by step"
DESCRIPTION = (
    "Makes a land-cover map from an area and reference polygons with the single steps of Patchwork. The map is the "
    "same as that of Make land-cover map. Open the model in the modeler to change, remove or add steps."
)

# Each step: its algorithm, what the box says, the fixed values, and the outputs of the model by the step's own.
STEPS = {
    "splitarea": ("Split the area into patches on one pixel grid.", {}, {}),
    "findscenes": ("List the acquisitions and the cost of the download.", {}, {}),
    "rasterizereference": ("Rasterize the reference polygons to class ids.", {}, {}),
    "downloadscenes": ("Download the missing scenes.", {}, {}),
    "maskclouds": ("Detect clouds in every scene.", {}, {}),
    "observationstatistics": ("Count the valid observations of each pixel.", {}, {"VALID_COUNT": "Valid observations"}),
    "drawsamples": ("Draw labelled pixels for training.", {}, {}),
    "trainmodel": ("Train the classifier and assess its accuracy.", {}, {}),
    "classifypatches": ("Classify every pixel of every patch.", {}, {}),
    "mosaicmap": ("Merge the patches into one map.", {}, {"MAP": "Land-cover map"}),
    "mosaicmap_confidence": ("Merge the confidence of the patches.", {"LAYER": "confidence"}, {"MAP": "Confidence"}),
    "writereport": ("Write the report.", {}, {"REPORT": "Report"}),
}
ALGORITHMS = {"mosaicmap_confidence": "mosaicmap"}  # where a box has another name than its algorithm

# What the model asks for, by the step that declares it; steps with a parameter of the same name get the same value.
INPUTS = {
    "splitarea": ("workspace", "area", "patch_size", "source", "imagery"),
    "findscenes": ("start", "end", "max_cloud_cover", "method", "collection", "service_url", "auth"),
    "rasterizereference": ("reference", "class_field", "name_field", "erosion"),
    "drawsamples": ("per_class",),
    "trainmodel": ("classifier",),
    "classifypatches": ("smoothing",),
}
OF_ACCOUNTS = ("collection", "service_url", "auth")  # stand apart: most sources need none of them
ACROSS, DOWN, CLOSE = 320, 110, 48  # between columns, steps, and inputs of a step


def make_model() -> QgsProcessingModelAlgorithm:
    """The steps in a column, each with its inputs to the left and its outputs to the right."""
    model = QgsProcessingModelAlgorithm(TITLE, "0 All in one", "allinone")
    tops = _tops()
    asked: list[str] = []
    for step, parameters in INPUTS.items():
        for name in parameters:
            definition = bindings.define(next(p for p in declared(OPERATIONS[step].parameters) if p.name == name))
            box = QgsProcessingModelParameter(definition.name())
            column = [own for own in parameters if (own in OF_ACCOUNTS) == (name in OF_ACCOUNTS)]
            across = 2 * ACROSS if name in OF_ACCOUNTS else ACROSS
            box.setPosition(QPointF(-across, tops[step] + CLOSE * column.index(name)))
            model.addModelParameter(definition, box)
            asked.append(definition.name())
    model.setParameterOrder([own.name.upper() for own in declared(MakeMap) if own.name.upper() in asked])
    workspace = QgsProcessingModelChildParameterSource.fromModelParameter("WORKSPACE")
    for name, (comment, fixed, outputs) in STEPS.items():
        operation = OPERATIONS[ALGORITHMS.get(name, name)]
        child = QgsProcessingModelChildAlgorithm(f"patchwork:{operation.name}")
        child.setChildId(name)
        child.setDescription(operation.label)
        child.setPosition(QPointF(0, tops[name]))
        child.comment().setDescription(comment)
        child.comment().setPosition(QPointF(ACROSS * 0.62, tops[name] - 20))
        child.comment().setSize(QSizeF(170, 45))
        for parameter in declared(operation.parameters):
            parameter_name = parameter.name.upper()
            if parameter_name in asked:
                given = QgsProcessingModelChildParameterSource.fromModelParameter(parameter_name)
                child.addParameterSources(parameter_name, [given])
            elif parameter.default is not None:
                value = fixed.get(parameter_name, parameter.kind.plain(parameter.default))
                given = QgsProcessingModelChildParameterSource.fromStaticValue(value)
                child.addParameterSources(parameter_name, [given])
        child.addParameterSources("WORKSPACE", [workspace])
        child.setModelOutputs({title: _output(name, output, title, tops[name]) for output, title in outputs.items()})
        model.addChildAlgorithm(child)
        # Each step gets the workspace from the step before it, which so comes first.
        workspace = QgsProcessingModelChildParameterSource.fromChildOutput(name, "WORKSPACE")
    model.updateDestinationParameters()
    help_texts = {definition.name(): definition.help() for definition in model.parameterDefinitions()}
    model.setHelpContent({"ALG_DESC": DESCRIPTION, **help_texts})
    return model


def _tops() -> dict[str, float]:
    """Where each step stands: as far below the one before it as the inputs of that need."""
    tops, top = {}, 0.0
    for name in STEPS:
        tops[name] = top
        apart = sum(own not in OF_ACCOUNTS for own in INPUTS.get(name, ()))
        top += max(DOWN, CLOSE * apart + 0.4 * DOWN)
    return tops


def _output(child: str, output: str, title: str, top: float) -> QgsProcessingModelOutput:
    box = QgsProcessingModelOutput(title, title)
    box.setChildId(child)
    box.setChildOutputName(output)
    box.setPosition(QPointF(ACROSS * 1.4, top + 10))
    return box


def main() -> None:
    from qgis.core import QgsApplication

    from patchwork.plugin.plugin import PatchworkPlugin

    application = QgsApplication([], False)
    application.initQgis()
    plugin = PatchworkPlugin(None)
    plugin.initProcessing()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    model = make_model()
    if "mosaicmap:Land-cover map" not in {output.name() for output in model.outputDefinitions()}:
        sys.exit("This QGIS gives the outputs other names. Take QGIS 3.22.")
    if not model.toFile(str(FILE)):
        sys.exit(f"{FILE} cannot be written.")
    print(FILE)
    sys.stdout.flush()
    os._exit(0)  # QGIS frees some things twice when Python ends


if __name__ == "__main__":
    main()
