"""The report on what a workspace holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import Operation, PageOutput
from ..progress import Progress
from .declarations import InWorkspace


@frozen
class WriteReport(InWorkspace):
    """The workspace alone."""


@frozen
class Reported:
    """The page."""

    report: Annotated[
        Path, PageOutput("Report", "What was seen, learnt and mapped so far, as one page.", destination=True)
    ]


def run(parameters: WriteReport, progress: Progress) -> Reported:
    """Write the page anew from what is there."""
    from .. import report
    from ..store.workspace import Workspace

    return Reported(report.write_report(Workspace(parameters.workspace)))


OPERATION = Operation(
    name="writereport",
    label="Write report",
    group="4 Map",
    summary="Writes the report on all that the workspace holds so far: what was seen, learnt and mapped.",
    parameters=WriteReport,
    results=Reported,
    run=run,
    tags=("report", "accuracy", "HTML"),
)
