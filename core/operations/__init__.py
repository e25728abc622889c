"""The operations, and the function with which every interface runs them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Optional

from ..errors import ParameterError
from ..parameters import FolderOutput, Operation, Parameters, declared
from ..progress import Progress
from ..registry import Registry
from . import (
    assessmap,
    checkinstallation,
    checklabels,
    checkreference,
    classifypatches,
    comparemaps,
    downloadscenes,
    drawsamples,
    drawvalidation,
    findscenes,
    makemap,
    maskclouds,
    mosaicmap,
    observationstatistics,
    quicklook,
    rasterizereference,
    splitarea,
    suggestsamples,
    timeseries,
    trainmodel,
    writereport,
)

OPERATIONS = Registry(
    "Operation",
    (
        makemap.OPERATION,
        splitarea.OPERATION,
        findscenes.OPERATION,
        quicklook.OPERATION,
        downloadscenes.OPERATION,
        maskclouds.OPERATION,
        observationstatistics.OPERATION,
        timeseries.OPERATION,
        checkreference.OPERATION,
        rasterizereference.OPERATION,
        drawsamples.OPERATION,
        trainmodel.OPERATION,
        checklabels.OPERATION,
        suggestsamples.OPERATION,
        classifypatches.OPERATION,
        mosaicmap.OPERATION,
        writereport.OPERATION,
        drawvalidation.OPERATION,
        assessmap.OPERATION,
        comparemaps.OPERATION,
        checkinstallation.OPERATION,
    ),
)


def execute(
    operation: Operation, parameters: Parameters, destinations: Mapping[str, Path], progress: Progress
) -> dict[str, Any]:
    """Run an operation with its workspace locked; returns the outputs by name, as JSON types.

    Output files are in the workspace; those in `destinations` are copied there, and the path of the copy is returned.
    Raises ParameterError with all `faults` of the parameters before the workspace is made, locked or written to.
    """
    faults = parameters.faults()
    if faults:
        raise ParameterError("\n".join(faults))
    with _held(getattr(parameters, "workspace", None)):
        results = operation.run(parameters, progress)
        outputs: dict[str, Any] = {}
        for output in declared(operation.results):
            value = getattr(results, output.name)
            if isinstance(value, Path) and output.name in destinations:
                value = _copy(value, destinations[output.name])
            outputs[output.name] = str(value) if isinstance(value, Path) else value
    progress.report(1.0)
    return outputs


def _held(folder: Optional[Path]) -> AbstractContextManager[None]:
    """The lock of the workspace, for operations that have one."""
    if folder is None:
        return nullcontext()
    from ..store.lock import held

    return held(folder)


def destinations_of(operation: Operation) -> dict[str, Any]:
    """The outputs of which the user can save a copy elsewhere, by name."""
    return {
        output.name: output.kind
        for output in declared(operation.results)
        if output.kind.destination and not isinstance(output.kind, FolderOutput)
    }


def _copy(file: Path, destination: Path) -> Path:
    """Copy an output and the style file beside it, each whole or not at all; returns the copy."""
    from ..store.files import written_whole

    style = file.with_suffix(".qml")
    for source, target in ((style, destination.with_suffix(".qml")), (file, destination)):
        if source.exists():
            with written_whole(target) as temporary:
                shutil.copyfile(source, temporary)
    return destination
