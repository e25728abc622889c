"""The time series of a place, from the tables of `timeseries`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any


@dataclass(frozen=True)
class Observation:
    """One observation: time, value and whether it is valid."""

    time: datetime
    value: float
    is_valid: bool


@dataclass(frozen=True)
class ClassCurve:
    """The course of a class: its name, its colour (#rrggbb), and (time, mean, standard deviation), 0 if unknown."""

    name: str
    colour: str
    points: Sequence[tuple[datetime, float, float]]


@dataclass(frozen=True)
class Series:
    """A time series: name of the value, observations in order of time, the class of the map, curves of classes, and the
    classes with their probabilities (name, colour, 0 to 1), the most probable first."""

    name: str
    observations: Sequence[Observation]
    class_name: str = ""
    curves: Sequence[ClassCurve] = ()
    probabilities: Sequence[tuple[str, str, float]] = ()


def read_series(name: str, results: Mapping[str, Any]) -> Series:
    """The series of a value from the results of `timeseries`."""
    observations = []
    for row in _rows(results["TABLE"]):
        valid, seen = row.get(f"{name}_valid"), row.get(f"{name}_all")
        if valid or seen:
            time = datetime.fromisoformat(row["time"])
            observations.append(Observation(time, float(valid or seen or 0), bool(valid)))
    known = (row for row in _rows(results["CLASS_TABLE"]) if row[name])
    curves = [_curve(name, list(rows)) for _, rows in groupby(known, lambda row: row["class"])]
    classes = json.loads(results["PROBABILITIES"])
    probabilities = [(own["name"], own["colour"], own["probability"]) for own in classes]
    return Series(name, observations, results["CLASS_NAME"], curves, probabilities)


def _curve(name: str, rows: Sequence[Mapping[str, str]]) -> ClassCurve:
    points = [
        (datetime.fromisoformat(row["time"]), float(row[name]), float(row[f"{name}_spread"] or 0)) for row in rows
    ]
    return ClassCurve(rows[0]["class_name"], rows[0]["class_colour"], points)


def _rows(file: str) -> Iterator[dict[str, str]]:
    with open(file, encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table)
