"""Drawing of the area and its patches, and scale bars."""

from __future__ import annotations

from dataclasses import dataclass

from ..grid.windows import Window
from ..plots.maps import length_text, round_length
from .facts import Facts

# Size of the drawing and of its text, in CSS pixels.
_PLAN = (1050, 340)
_LETTER = 13


@dataclass(frozen=True)
class PatchPlan:
    """SVG coordinates, in pixels of the grid: view box, patches and whether their id fits, outline of the area."""

    view: str
    rectangles: tuple[tuple[str, Window, bool], ...]
    chosen: str
    outline: str
    letter: float


def patch_plan(facts: Facts, chosen: str) -> PatchPlan:
    """Draw the patches and the outline of the area; the patch with id `chosen` is highlighted."""
    domain, patches = facts.layout.domain, facts.layout.patches
    outline = facts.layout.area.simplify(max(domain.shape) / 1500.0)
    rings = [ring for part in getattr(outline, "geoms", [outline]) for ring in (part.exterior, *part.interiors)]
    path = " ".join("M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in ring.coords) + " Z" for ring in rings)
    letter = _LETTER * max(domain.width / _PLAN[0], domain.height / _PLAN[1])
    margin = letter / 4.0
    view = (domain.column - margin, domain.row - margin, domain.width + 2 * margin, domain.height + 2 * margin)
    return PatchPlan(
        " ".join(f"{value:.2f}" for value in view),
        tuple((p.id, p.window, p.window.width > 7.0 * letter and p.window.height > 1.5 * letter) for p in patches),
        chosen,
        path,
        letter,
    )


@dataclass(frozen=True)
class ScaleBar:
    """A scale bar: its length as text, and as a percentage of the width of the picture."""

    text: str
    share: float


def scale_bar(width_m: float) -> ScaleBar:
    """Scale bar of a round length for a picture `width_m` metres wide."""
    length = round_length(width_m / 4.0)
    return ScaleBar(length_text(length), 100.0 * length / width_m)
