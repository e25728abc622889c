"""The area and its patches as a drawing, and lengths on pictures."""

from __future__ import annotations

from dataclasses import dataclass

from ..grid.windows import Window
from ..plots.maps import length_text, round_length
from .facts import Facts

# The drawing on the page, and letters in it, in the page's pixels.
_PLAN = (1050, 340)
_LETTER = 13


@dataclass(frozen=True)
class PatchPlan:
    """The area and its patches for an SVG, in pixels; of each patch whether there is room for its id."""

    view: str
    rectangles: tuple[tuple[str, Window, bool], ...]
    chosen: str
    outline: str
    letter: float


def patch_plan(facts: Facts, chosen: str) -> PatchPlan:
    """The area cut into patches."""
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
    """A length on a picture: how much of its width it takes, in percent."""

    text: str
    share: float


def scale_bar(width_m: float) -> ScaleBar:
    """A round length that fits a picture `width_m` metres wide."""
    length = round_length(width_m / 4.0)
    return ScaleBar(length_text(length), 100.0 * length / width_m)
