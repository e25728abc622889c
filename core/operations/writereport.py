"""Write the report of a workspace."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import Operation, PageOutput
from ..progress import Progress
from .declarations.workspace import WorkspaceParameters


@frozen
class WriteReport(WorkspaceParameters):
    """Parameters of writereport."""


@frozen
class WrittenReport:
    """Results of writereport: the report."""

    report: Annotated[
        Path, PageOutput("Report", "Observations, accuracy and map so far, on one page.", destination=True)
    ]


def run(parameters: WriteReport, progress: Progress) -> WrittenReport:
    """Write the report from the existing results."""
    from .. import report
    from ..store.workspace import Workspace

    return WrittenReport(report.write_report(Workspace(parameters.workspace)))


OPERATION = Operation(
    name="writereport",
    label="Write report",
    group="4 Map",
    summary="Writes the report of a workspace: observations, accuracy and map, as far as they exist.",
    parameters=WriteReport,
    results=WrittenReport,
    run=run,
    tags=("report", "accuracy", "HTML"),
    in_worker=True,
)
