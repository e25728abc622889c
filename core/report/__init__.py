"""Report of a workspace: a self-contained HTML page, and a picture of the map."""

from __future__ import annotations

from pathlib import Path

from .. import plots
from ..store.files import write_text
from ..store.workspace import Workspace
from .gathering import gather
from .page import make_page
from .picture import draw_map
from .templates import template


def write_report(workspace: Workspace) -> Path:
    """Write `report.html`, and `map.png` if the workspace has a map.

    Steps that have not run are skipped. The page needs no other file and no network. Raises MissingStepError if
    `splitarea` has not run, DataError if a raster of the workspace cannot be read.
    """
    facts = gather(workspace)
    path = workspace.paths.report
    write_text(path, template("report.html.j2").render(page=make_page(workspace, facts)))
    if facts.mapped is not None:
        plots.save(draw_map(workspace, facts), workspace.paths.picture("map"))
    return path
