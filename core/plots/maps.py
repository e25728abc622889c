"""Picture of the map with legend, scale bar and north arrow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch as Swatch
from matplotlib.patches import Rectangle

from ..vocabulary.plurals import written
from .figures import INK, QUIET, WARNING, new_figure

_WIDTH = 10.0
_LEGEND_SHARE = 0.3


@dataclass(frozen=True)
class LegendEntry:
    """A legend entry: text and colour (#rrggbb)."""

    text: str
    colour: str


def round_length(longest: float) -> float:
    """The largest length of 1, 2 or 5 times a power of ten that is at most `longest`."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= longest * (1 + 1e-9))


def length_text(metres: float) -> str:
    """A length as in 500 m or 2 km."""
    return f"{written(metres / 1000)} km" if metres >= 1000 else f"{written(metres)} m"


def map_picture(
    picture: np.ndarray,
    size_m: tuple[float, float],
    legend: Sequence[LegendEntry],
    title: str,
    notes: str,
    caution: str,
) -> Figure:
    """Draw a map (y, x, 4) uint8 of an area of (width, height) metres.

    `title` is above the map. Below the legend are `caution`, in red, and `notes`.
    """
    width, height = size_m
    drawn = _WIDTH * (1.0 - _LEGEND_SHARE)
    tall = min(max(drawn * height / width, 3.4), 14.0)
    figure = new_figure(_WIDTH, tall + 0.5)
    left, right = figure.subplots(1, 2, width_ratios=(1.0 - _LEGEND_SHARE, _LEGEND_SHARE))
    left.imshow(picture, extent=(0.0, width, 0.0, height), interpolation="nearest", aspect="equal", origin="upper")
    left.set(xticks=[], yticks=[])
    left.spines[:].set(color=QUIET, linewidth=0.6)
    left.set_title(title, loc="left", fontsize=11, color=INK, pad=7, parse_math=False)
    _scale_bar(left, width, height)
    _north(left)
    _legend(right, legend, notes, caution)
    return figure


def _scale_bar(axes: Axes, width: float, height: float) -> None:
    """Draw a scale bar of a round length, at most a quarter of the width, in the lower left corner."""
    length = round_length(width / 4.0)
    x, y, thick = width * 0.03, height * 0.03, height * 0.008
    ground = {"boxstyle": "square,pad=0.4", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.text(
        x + length / 2,
        y + thick * 2.2,
        length_text(length),
        ha="center",
        va="bottom",
        fontsize=8.5,
        color=INK,
        bbox=ground,
    )
    axes.add_patch(Rectangle((x, y), length, thick, facecolor=INK, edgecolor="white", linewidth=0.8))


def _north(axes: Axes) -> None:
    ground = {"boxstyle": "square,pad=0.4", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.text(0.97, 0.97, "N ↑", transform=axes.transAxes, ha="right", va="top", fontsize=9.5, color=INK, bbox=ground)


def _legend(axes: Axes, entries: Sequence[LegendEntry], notes: str, caution: str) -> None:
    axes.axis("off")
    swatches = [Swatch(facecolor=entry.colour, edgecolor=QUIET, linewidth=0.4) for entry in entries]
    legend = axes.legend(
        swatches,
        [entry.text for entry in entries],
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=1 if len(entries) <= 40 else 2,
        frameon=False,
        fontsize=9.5 if len(entries) <= 20 else 7,
        labelcolor=INK,
        handlelength=1.4,
        handleheight=1.1,
        borderaxespad=0.0,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    axes.text(0.0, 0.0, notes, transform=axes.transAxes, va="bottom", fontsize=7.5, color=QUIET, linespacing=1.5)
    if caution:
        lines = notes.count("\n") + 1
        axes.annotate(
            caution,
            (0.0, 0.0),
            xycoords="axes fraction",
            xytext=(0, 7.5 * 1.5 * lines + 8),
            textcoords="offset points",
            va="bottom",
            fontsize=9,
            fontweight="bold",
            color=WARNING,
        )
