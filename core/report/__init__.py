"""Report of a workspace: a self-contained HTML page, and a picture of the map."""

from __future__ import annotations

import re
from pathlib import Path

from ..mapping.layers import LAYERS
from ..store.files import read_json, write_text
from ..store.fingerprints import fingerprint
from ..store.rasters import fingerprint_of
from ..store.records import RunRecord
from ..store.workspace import Workspace
from ..versions import patchwork_version

_HEAD = 1000  # characters of a page that hold its fingerprint


def refresh_report(workspace: Workspace) -> Path:
    """The report, written as by `write_report` unless that of these results, apart from the time taken, is there."""
    paths = workspace.paths
    is_drawn = paths.picture("map").exists() or not paths.layer("map").exists()
    if is_drawn and _fingerprint_of(paths.report) == _made_of(workspace):
        return paths.report
    return write_report(workspace)


def write_report(workspace: Workspace) -> Path:
    """Write `report.html`, and `map.png` if the workspace has a map.

    Steps that have not run are skipped. The page needs no other file and no network. Raises MissingStepError if
    `splitarea` has not run, DataError if a raster of the workspace cannot be read.
    """
    from .. import plots  # Matplotlib takes long to import
    from .gathering import gather
    from .page import make_page
    from .picture import draw_map
    from .templates import template

    facts = gather(workspace)
    path = workspace.paths.report
    page = make_page(workspace, facts)
    write_text(path, template("report.html.j2").render(page=page, fingerprint=_made_of(workspace)))
    if facts.mapped is not None:
        plots.save(draw_map(workspace, facts), workspace.paths.picture("map"))
    return path


def _made_of(workspace: Workspace) -> str:
    """The fingerprint of all results that the report shows."""
    paths = workspace.paths
    records = {file.name: read_json(file) for file in sorted(paths.records.glob("*.json"))}
    records.get(f"{RunRecord.STEP}.json", {}).pop("seconds", None)
    files = [paths.grid, paths.catalogue, paths.table("ndvi")]
    texts = [file.read_text(encoding="utf-8") for file in files if file.exists()]
    layers = {name: fingerprint_of(paths.layer(name)) for name in LAYERS}
    return fingerprint("report", patchwork_version(), workspace.folder.resolve().name, records, texts, layers)


def _fingerprint_of(page: Path) -> str | None:
    """The fingerprint in the head of a report; None if there is none."""
    if not page.exists():
        return None
    with page.open(encoding="utf-8", errors="replace") as file:
        found = re.search(r'<meta name="fingerprint" content="(\w+)">', file.read(_HEAD))
    return found[1] if found else None
