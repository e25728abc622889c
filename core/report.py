"""The report: one self-contained HTML page made from the files of a workspace."""

from __future__ import annotations

from pathlib import Path

from .files import write_text
from .workspace import Workspace


def write_report(workspace: Workspace) -> Path:
    """Write `report.html` from all that the workspace holds so far."""
    path = workspace.product("report.html")
    write_text(path, "<!doctype html><title>Patchwork</title>")
    return path
