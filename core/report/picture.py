"""Picture of the map (map.png)."""

from __future__ import annotations

from matplotlib.figure import Figure

from ..plots.images import class_colours
from ..plots.maps import LegendEntry, map_picture
from ..store.workspace import Workspace
from ..vocabulary.plurals import written
from .facts import Facts
from .reading import read_small
from .words import class_label, count, day

SIDE = 1200
SIMULATED = "Simulated sample region"


def draw_map(workspace: Workspace, facts: Facts) -> Figure:
    """Draw the map with its legend, scale bar, satellites and dates. Raises MissingStepError if there is no map."""
    mapped = facts.mapped
    if mapped is None:
        raise workspace.missing("map.tif", "mosaicmap")
    grid, domain = facts.layout.grid, facts.layout.domain
    ids = read_small(workspace.paths.layer("map"), SIDE)[0]
    shown = [entry for entry in mapped.scheme.classes if mapped.counts[entry.id]]
    notes = [f"{written(grid.pixel_width, 4)} m pixels, {grid.crs}"]
    if facts.observations:
        first, last = facts.observations[0].time, facts.observations[-1].time
        imagery = f"{facts.satellites}, {count(len(facts.observations), 'acquisition')}"
        notes = [imagery, f"{day(first)} to {day(last)}", *notes]
    return map_picture(
        class_colours(ids, mapped.scheme.colour_table),
        (domain.width * grid.pixel_width, domain.height * grid.pixel_height),
        [LegendEntry(class_label(entry), entry.colour) for entry in shown],
        f"Land cover, {facts.name}",
        "\n".join(notes),
        SIMULATED if facts.simulated else "",
    )
