"""Pages on the accuracy of a map from validation points, and on the change between two maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from .. import plots
from ..assessment.assessing import MapAssessment
from ..assessment.change import Change
from ..assessment.estimators import ClassFigures, Figure
from ..store.files import write_text
from ..vocabulary.classes import LandCoverClass
from .templates import template
from .words import count, hectares, number, percent


@dataclass(frozen=True)
class ClassRow:
    """A class with its figures: user's and producer's accuracy, F1, mapped and estimated hectares."""

    entry: LandCoverClass
    text: str
    figures: ClassFigures
    mapped_ha: float
    area: Figure


def write_assessment(path: Path, name: str, found: MapAssessment) -> None:
    """Write the page of an assessment; self-contained, names escaped."""
    rows = class_rows(found)
    page = {
        "title": "Accuracy and area",
        "name": name,
        "headline": headline(found),
        "rows": rows,
        "counts": found.figures.counts.tolist(),
        "proportions": found.figures.proportions.tolist(),
        "notes": found.notes,
        "units": number(found.units),
        "plot": _area_plot(rows),
        "interval": interval,
    }
    write_text(path, template("assessment.html.j2").render(page=page))


def headline(found: MapAssessment) -> str:
    """The overall accuracy with its interval, as a sentence."""
    return (
        f"The map is right in {interval(found.figures.overall)} of its area, by {count(found.units, 'labelled unit')} "
        f"on {hectares(found.area_ha)} ha."
    )


def class_rows(found: MapAssessment) -> list[ClassRow]:
    """All classes that units have, on the map or in the reference."""
    entries = {entry.id: entry for entry in found.classes.classes}
    return [
        ClassRow(
            entries[own.class_id],
            entries[own.class_id].name,
            own,
            found.mapped_ha.get(own.class_id, 0.0),
            own.share.scaled(found.area_ha),
        )
        for own in found.figures.classes
    ]


def interval(figure: Figure, *, of_area: bool = False) -> str:
    """An estimate with its 95 % interval, as in 88 % (71 % to 96 %); of hectares with `of_area`."""
    shown = hectares if of_area else percent
    if math.isnan(figure.estimate):
        return "–"
    if math.isnan(figure.standard_error):
        return f"{shown(figure.estimate)} (interval unknown)"
    return f"{shown(figure.estimate)} ({shown(figure.low)} to {shown(figure.high)})"


def _area_plot(rows: Sequence[ClassRow]) -> Markup:
    figure = plots.areas_with_intervals(
        [row.text for row in rows],
        [row.entry.colour for row in rows],
        [row.mapped_ha for row in rows],
        [(row.area.estimate, row.area.low, row.area.high) for row in rows],
    )
    return Markup(plots.as_svg(figure, "areas"))  # drawn by Matplotlib, which escapes texts  # nosec B704


def write_change(path: Path, before: str, after: str, found: Change) -> None:
    """Write the page of a change between two maps."""
    changed = sum(own.pixels for own in found.transitions)
    known = found.unchanged + sum(n for i, j, n in found.pairs if i != j)
    rows = sorted(found.transitions, key=lambda own: -own.pixels)
    page = {
        "title": "Change",
        "name": f"{before} → {after}",
        "headline": f"{percent(changed / known if known else 0.0)} of the area has another class: "
        f"{hectares(changed * found.pixel_ha)} of {hectares(known * found.pixel_ha)} ha.",
        "rows": [(own.before, own.after, hectares(own.pixels * found.pixel_ha), number(own.pixels)) for own in rows],
        "unknown": hectares(found.unknown * found.pixel_ha) if found.unknown else "",
    }
    write_text(path, template("change.html.j2").render(page=page))
