"""Common style of all figures, and their output as PNG or SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ..store.files import written_whole

INK = "#22282e"
QUIET = "#6b747d"
LINE = "#d5dade"
MUTED = "#9aa3ab"
ACCENT = "#117733"
WARNING = "#a3301c"

_DPI = 150
_PADDING = 0.06


def new_figure(width: float, height: float, *, margins: tuple[float, float, float, float] | None = None) -> Figure:
    """An empty figure with a size in inches, without pyplot and its global state.

    The layout is automatic, or fixed by `margins` in inches: left, bottom, right, top.
    """
    if margins is not None:
        left, bottom, right, top = margins
        figure = Figure(figsize=(width, height), facecolor="white")
        figure.subplots_adjust(left / width, bottom / height, 1.0 - right / width, 1.0 - top / height, hspace=0.2)
        return figure
    layout = ConstrainedLayoutEngine(w_pad=_PADDING, h_pad=_PADDING)
    return Figure(figsize=(width, height), layout=layout, facecolor="white")


def plain_axes(axes: Axes) -> Axes:
    """Style axes with few lines: left and bottom spines and a horizontal grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=QUIET, labelsize=9, length=3, color=LINE)
    axes.yaxis.label.set(color=INK, fontsize=9.5)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def date_axis(axes: Axes) -> None:
    """Format the x axis as dates, without repeated months and years."""
    locator = AutoDateLocator(minticks=5, maxticks=14)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.xaxis.get_offset_text().set(color=QUIET, fontsize=9)
    axes.margins(x=0.015)


def days_of(times: Sequence[datetime]) -> list[float]:
    """Times as Matplotlib's axis values, in days."""
    return [float(date2num(time)) for time in times]  # type: ignore[no-untyped-call]


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, atomically; the same figure gives the same bytes."""
    with written_whole(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI, metadata={"Software": None})


def as_svg(figure: Figure, name: str) -> str:
    """The figure as an `<svg>` element for an HTML page, with its text as text.

    `name` makes its ids unique among the figures of the page.
    """
    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return text.getvalue()[text.getvalue().index("<svg") :]
