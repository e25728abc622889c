"""The operations of the public face, and the one door through which every face runs them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Optional

from ..parameters import FolderOutput, Operation, Parameters, declared
from ..progress import Progress
from . import (
    checkinstallation,
    checkreference,
    classifypatches,
    downloadscenes,
    drawsamples,
    findscenes,
    makemap,
    maskclouds,
    mosaicmap,
    observationstatistics,
    quicklook,
    rasterizereference,
    splitarea,
    timeseries,
    trainmodel,
    writereport,
)

OPERATIONS: Mapping[str, Operation] = {
    module.OPERATION.name: module.OPERATION
    for module in (
        makemap,
        splitarea,
        findscenes,
        quicklook,
        downloadscenes,
        maskclouds,
        observationstatistics,
        timeseries,
        checkreference,
        rasterizereference,
        drawsamples,
        trainmodel,
        classifypatches,
        mosaicmap,
        writereport,
        checkinstallation,
    )
}


def execute(
    operation: Operation, parameters: Parameters, destinations: Mapping[str, Path], progress: Progress
) -> dict[str, Any]:
    """Run an operation, alone in its workspace; the outputs by name, as JSON knows them.

    Output files lie in the workspace; those named in `destinations` are copied there as well, and that path is given.
    """
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
    if folder is None:
        return nullcontext()
    from ..store.lock import held

    return held(folder)


def destinations_of(operation: Operation) -> dict[str, Any]:
    """The outputs of which a person can have a copy elsewhere, by name."""
    return {
        output.name: output.kind
        for output in declared(operation.results)
        if output.kind.destination and not isinstance(output.kind, FolderOutput)
    }


def _copy(file: Path, destination: Path) -> Path:
    """A copy of an output, with the style that lies beside it, whole or not at all."""
    from ..store.files import written_whole

    style = file.with_suffix(".qml")
    for source, target in ((style, destination.with_suffix(".qml")), (file, destination)):
        if source.exists():
            with written_whole(target) as temporary:
                shutil.copyfile(source, temporary)
    return destination
