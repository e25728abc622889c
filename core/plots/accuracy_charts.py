"""Charts of accuracy: estimates with intervals, confidence, and receiver operating characteristic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .figures import ACCENT, INK, LINE, MUTED, new_figure, plain_axes


def areas_with_intervals(
    names: Sequence[str],
    colours: Sequence[str],
    mapped: Sequence[float],
    estimated: Sequence[tuple[float, float, float]],
) -> Figure:
    """Hectares of each class: a bar for the estimate with its interval (low, high), and a mark for the mapped area.

    NaN is not drawn.
    """
    figure = new_figure(10.0, 0.9 + 0.42 * len(names))
    axes = plain_axes(figure.add_subplot())
    rows = np.arange(len(names))
    values = np.array([value for value, _, _ in estimated])
    axes.barh(rows, np.nan_to_num(values), color=list(colours), height=0.6, edgecolor=LINE)
    for row, (value, low, high) in enumerate(estimated):
        if np.isfinite([value, low, high]).all():
            axes.plot([low, high], [row, row], color=INK, linewidth=1.4, solid_capstyle="butt")
            axes.plot([low, high], [row, row], "|", color=INK, markersize=9)
    axes.plot(mapped, rows, "D", color="white", markeredgecolor=INK, markersize=5, label="On the map")
    axes.set_yticks(rows, list(names), fontsize=9, color=INK, parse_math=False)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_xlabel("Hectares, with 95 % interval", fontsize=9, color=INK)
    axes.set_xlim(left=0.0)
    axes.legend(loc="lower right", frameon=False, fontsize=9, labelcolor=INK)
    return figure


def accuracies_with_intervals(
    names: Sequence[str], accuracies: Sequence[tuple[float, float, float]], believed: int
) -> Figure:
    """The accuracy of each validation with its interval (value, low, high); the one to believe is at `believed`.

    An interval that is NaN is not drawn.
    """
    figure = new_figure(10.0, 0.7 + 0.38 * len(names))
    axes = plain_axes(figure.add_subplot())
    for row, (value, low, high) in enumerate(accuracies):
        colour = ACCENT if row == believed else MUTED
        if np.isfinite([low, high]).all():
            axes.plot([low, high], [row, row], color=colour, linewidth=2.2, solid_capstyle="butt")
            axes.plot([low, high], [row, row], "|", color=colour, markersize=10)
        axes.plot([value], [row], "o", color=colour, markersize=7)
    axes.set_yticks(range(len(names)), list(names), fontsize=9.5, color=INK, parse_math=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_xlim(min([0.5, *(low for _, low, _ in accuracies if np.isfinite(low))]) - 0.02, 1.02)
    return figure


def reliability_curve(points: Sequence[tuple[float, float, int]]) -> Figure:
    """Of test pixels of similar confidence, the fraction that is right: (mean confidence, fraction, pixels)."""
    figure = new_figure(10.0, 3.6)
    axes = plain_axes(figure.add_subplot())
    axes.plot([0.0, 1.0], [0.0, 1.0], color=MUTED, linewidth=1.0, linestyle="--", label="Confidence holds")
    confidence, right, numbers = (list(values) for values in zip(*points, strict=True))
    axes.plot(confidence, right, "-", color=ACCENT, linewidth=1.5, label="Test pixels")
    sizes = 14.0 + 120.0 * np.array(numbers) / max(numbers)
    axes.scatter(confidence, right, s=sizes, color=ACCENT, zorder=3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_xlabel("Confidence", fontsize=9.5, color=INK)
    axes.set_ylabel("Right")
    axes.set_xlim(0.0, 1.03)
    axes.set_ylim(0.0, 1.03)
    axes.legend(loc="lower right", frameon=False, fontsize=9, labelcolor=INK)
    return figure


def roc_curves(
    names: Sequence[str], colours: Sequence[str], curves: Sequence[tuple[np.ndarray, np.ndarray, float]]
) -> Figure:
    """Receiver operating characteristic of each class against all others: (false positives, true positives, area)."""
    figure = new_figure(10.0, 4.2)
    axes = plain_axes(figure.add_subplot())
    axes.plot([0.0, 1.0], [0.0, 1.0], color=MUTED, linewidth=1.0, linestyle="--", label="Guessing")
    for name, colour, (false, true, area) in zip(names, colours, curves, strict=True):
        axes.plot(false, true, color=INK, linewidth=2.6)
        axes.plot(false, true, color=colour, linewidth=1.8, label=f"{name}, area {area:.3f}")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_xlabel("Pixels of other classes that are taken for the class", fontsize=9.5, color=INK)
    axes.set_ylabel("Pixels of the class that are found")
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.02)
    legend = axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=9, labelcolor=INK)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure
