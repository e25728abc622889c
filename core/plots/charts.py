"""Charts: values over the year, accuracies, and what the model relies on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, MonthLocator
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .figures import ACCENT, INK, LINE, MUTED, QUIET, date_axis, days_of, new_figure, plain_axes

# Dates further apart are not connected by a line.
_GAP_DAYS = 92
_MINIMUM_VALID = 0.1


def ndvi_over_time(
    times: Sequence[datetime], rows: Sequence[tuple[float | None, float | None, float | None]]
) -> Figure:
    """Mean NDVI of the area on each date, of all and of valid pixels, above the fraction of valid pixels.

    A row is (NDVI of all pixels, NDVI of valid pixels, fraction of valid pixels), None where unknown. Dates with few
    valid pixels do not represent the area: they are drawn as separate points, not as part of the curve.
    """
    figure = new_figure(10.0, 4.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    solid = [row[1] if (row[2] or 0.0) >= _MINIMUM_VALID else None for row in rows]
    _draw_pair(plain_axes(upper), times, [row[0] for row in rows], solid, "pixels")
    sparse = [row[1] if drawn is None else None for row, drawn in zip(rows, solid, strict=True)]
    if any(value is not None for value in sparse):
        days, heights = _with_gaps(times, sparse)
        ring = {"markerfacecolor": "white", "markersize": 3.6, "markeredgewidth": 0.9}
        upper.plot(days, heights, "o", color=ACCENT, label=f"Less than {_MINIMUM_VALID * 100:.0f} % valid", **ring)
    _legend_above(upper)
    upper.set_ylabel("Mean NDVI")
    _draw_valid(plain_axes(lower), times, [row[2] for row in rows])
    date_axis(lower)
    return figure


def series_over_time(times: Sequence[datetime], rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Figure:
    """Bands or indices of a place over time: all observations, and valid observations.

    A row has `<name>_all` and `<name>_valid` of each name as text, empty where unknown.
    """
    # Fixed margins: this figure is drawn while the user waits, and a layout engine doubles the time.
    figure = new_figure(10.0, 2.6 * len(names) + 0.7, margins=(0.75, 0.4, 0.15, 0.4))
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        everything, valid = (
            [float(row[f"{name}_{kind}"]) if row[f"{name}_{kind}"] else None for row in rows]
            for kind in ("all", "valid")
        )
        _draw_pair(plain_axes(axes), times, everything, valid, "observations")
        _legend_above(axes)
        axes.set_ylabel(name, parse_math=False)
    date_axis(panels[-1])
    return figure


def importance_by_date(values: Sequence[str], dates: Sequence[date], importance: np.ndarray) -> Figure:
    """Permutation importance (value, date) of each band or index on each date, as fractions of 1."""
    figure = new_figure(10.0, 0.9 + 0.27 * len(values))
    axes = figure.add_subplot()
    points = importance * 100.0
    reach = max(float(np.abs(points).max()), 1e-6)
    picture = axes.imshow(points, cmap="PuOr_r", vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(values)), list(values), fontsize=9, color=INK)
    every = max(-(-len(dates) // 16), 1)
    shown = range(0, len(dates), every)
    axes.set_xticks(shown, _date_labels([dates[number] for number in shown]), fontsize=8.5, color=QUIET)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(picture, ax=axes, fraction=0.025, pad=0.01)
    bar.set_label("Fall of probability\n(percentage points)", fontsize=9, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8.5, colors=QUIET, length=0)
    return figure


def curves_with_spread(
    names: Sequence[str], colours: Sequence[str], dates: Sequence[date], curves: np.ndarray, spreads: np.ndarray
) -> Figure:
    """The mean (class, date) of a band or index over the year, a panel for each class, and its spread (class, date).

    The other classes are thin lines in each panel.
    """
    columns = min(len(names), 4)
    rows = -(-len(names) // columns)
    figure = new_figure(10.0, 0.3 + 1.9 * rows)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    days = days_of([datetime.combine(day, datetime.min.time()) for day in dates])
    for number, axes in enumerate(panels):
        if number >= len(names):
            axes.set_visible(False)
            continue
        plain_axes(axes)
        for other in range(len(names)):
            axes.plot(days, curves[other], color=LINE, linewidth=0.8, zorder=1)
        low, high = (curves[number] + side * spreads[number] for side in (-1, 1))
        axes.fill_between(days, low, high, color=colours[number], alpha=0.3, linewidth=0, zorder=2)
        axes.plot(days, curves[number], color=INK, linewidth=1.3, zorder=3)
        axes.set_title(names[number], fontsize=9, color=INK, loc="left", parse_math=False)
        date_axis(axes)
        axes.xaxis.set_major_locator(MonthLocator(bymonth=(1, 4, 7, 10)))  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(DateFormatter("%b"))  # type: ignore[no-untyped-call]
        axes.tick_params(labelsize=8, labelbottom=number + columns >= len(names))
    return figure


def _date_labels(dates: Sequence[date]) -> list[str]:
    """Day and month of each date, and the year below where it changes."""
    previous = [None, *(day.year for day in dates[:-1])]
    return [
        f"{day.day} {day:%b}" + (f"\n{day.year}" if day.year != year else "")
        for day, year in zip(dates, previous, strict=True)
    ]


def _draw_pair(
    axes: Axes,
    times: Sequence[datetime],
    everything: Sequence[float | None],
    valid: Sequence[float | None],
    what: str,
) -> None:
    """Draw all and valid values as two curves, valid on top."""
    for values, label, colour, width in (
        (everything, f"All {what}, including clouds", MUTED, 1.0),
        (valid, f"Valid {what}", ACCENT, 1.7),
    ):
        days, heights = _with_gaps(times, values)
        axes.plot(days, heights, "o-", color=colour, linewidth=width, markersize=3.2, label=label)


def _legend_above(axes: Axes) -> None:
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        borderaxespad=0.2,
    )


def _with_gaps(times: Sequence[datetime], values: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """Days and known values, with NaN in gaps that are not connected by a line."""
    known = [(day, value) for day, value in zip(days_of(times), values, strict=True) if value is not None]
    days: list[float] = []
    heights: list[float] = []
    for day, value in known:
        if days and day - days[-1] > _GAP_DAYS:
            days.append(days[-1])
            heights.append(float("nan"))
        days.append(day)
        heights.append(value)
    return days, heights


def _draw_valid(axes: Axes, times: Sequence[datetime], fractions: Sequence[float | None]) -> None:
    """A bar for each date: the fraction of valid pixels."""
    days = days_of(times)
    known = [fraction or 0.0 for fraction in fractions]
    axes.vlines(days, 0.0, known, color=ACCENT, linewidth=2.0)
    axes.plot(days, np.zeros(len(days)), "|", color=MUTED, markersize=4)
    axes.set_ylim(0.0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_ylabel("Valid pixels")
