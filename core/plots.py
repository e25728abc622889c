"""Figures of what was seen, learnt and mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure  # noqa: E402

from .files import written_whole  # noqa: E402


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a picture, whole or not at all."""
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Software": None})


def ndvi_over_time(times: Sequence[datetime], rows: Sequence[tuple[float | None, float | None, float | None]]) -> Figure:
    """Mean NDVI of the area on each date, with clouds and without."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for column, label, colour in ((0, "all pixels", "#999999"), (1, "valid pixels", "#117733")):
        points = [(time, row[column]) for time, row in zip(times, rows, strict=True) if row[column] is not None]
        axes.plot([p[0] for p in points], [p[1] for p in points], "o-", ms=4, lw=1.2, color=colour, label=label)
    axes.set_ylabel("mean NDVI")
    axes.legend()
    return figure


def series_over_time(times: Sequence[datetime], rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Figure:
    """Bands or indices of a place, all observations and the valid ones."""
    figure = Figure(figsize=(9, 3.0 * len(names) + 0.6), layout="constrained")
    for number, name in enumerate(names, start=1):
        axes = figure.add_subplot(len(names), 1, number)
        for column, label, colour in (("all", "all observations", "#999999"), ("valid", "valid", "#117733")):
            points = [(t, float(row[f"{name}_{column}"])) for t, row in zip(times, rows, strict=True) if row[f"{name}_{column}"]]
            axes.plot([p[0] for p in points], [p[1] for p in points], "o-", ms=4, lw=1.2, color=colour, label=label)
        axes.set_ylabel(name)
        axes.legend()
    return figure
