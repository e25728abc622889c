"""The map as a picture of its own, for slides and mails."""

from __future__ import annotations

from matplotlib.figure import Figure

from ..plots.images import class_colours
from ..plots.maps import LegendEntry, map_picture
from ..store.workspace import Workspace
from .facts import Facts
from .reading import read_small
from .words import day, told

SIDE = 1200
SIMULATED = "Simulated sample region"


def draw_map(workspace: Workspace, facts: Facts) -> Figure:
    """The map of a workspace that has one, with legend, scale bar, and what it was made from."""
    mapped = facts.mapped
    if mapped is None:
        raise workspace.missing("map.tif", "mosaicmap")
    grid, domain = facts.layout.grid, facts.layout.domain
    ids = read_small(workspace.paths.layer("map"), SIDE)[0]
    legend = [LegendEntry(told(entry), entry.colour) for entry in mapped.scheme.classes if mapped.counts[entry.id]]
    notes = [f"{grid.pixel_width:.4g} m pixels, {grid.crs}"]
    if facts.observations:
        first, last = facts.observations[0].time, facts.observations[-1].time
        notes = [f"{facts.satellites}, {len(facts.observations)} acquisitions", f"{day(first)} to {day(last)}", *notes]
    return map_picture(
        class_colours(ids, mapped.scheme.colour_table),
        (domain.width * grid.pixel_width, domain.height * grid.pixel_height),
        legend,
        f"Land cover, {facts.name}",
        "\n".join(notes),
        SIMULATED if facts.simulated else "",
    )
