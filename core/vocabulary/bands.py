"""Which bands a run fetches: those that classes are learnt from, and those that clouds are told by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..errors import DataError

# What s2cloudless looks at, in its order.
DETECTOR_BANDS = ("B01", "B02", "B04", "B05", "B08", "B8A", "B09", "B10", "B11", "B12")

RADAR_BANDS = ("VV", "VH", "HH", "HV")

# Classes and bits, which are never averaged: Sen2Cor's scene classification, Landsat's quality assessment.
CATEGORICAL_BANDS = ("SCL", "QA")

METHODS = {
    "auto": "Automatic",
    "s2cloudless": "s2cloudless (L1C)",
    "scl": "Scene classification (L2A)",
    "qa": "Quality bits (Landsat)",
    "clp": "Cloud probability of the service (CLP)",
}

_EVIDENCE = {"scl": ("SCL",), "qa": ("QA",), "s2cloudless": DETECTOR_BANDS, "clp": ("CLP",), "none": ()}

_INSTEAD = {
    "scl": "Take s2cloudless, or L2A imagery.",
    "qa": "Take Landsat imagery, or METHOD auto.",
    "s2cloudless": "Use L1C imagery with these bands, or imagery with the scene classification SCL.",
    "clp": "Take imagery of a service that gives it, or METHOD auto.",
}


@dataclass(frozen=True)
class Chosen:
    """The bands of scenes, and whether the detector's bands are fetched apart, in cells of its own resolution."""

    scene: tuple[str, ...]
    cells: bool = False


def cloud_detection(method: str, bands: Collection[str]) -> str:
    """How clouds are told on imagery with these bands: what `auto` stands for; `none` for radar, which sees through.

    Raises DataError where the bands that the method needs are missing.
    """
    if set(bands) <= set(RADAR_BANDS):
        return "none"
    if method == "auto":
        possible = [name for name in ("scl", "qa", "s2cloudless", "clp") if set(_EVIDENCE[name]) <= set(bands)]
        method = possible[0] if possible else "s2cloudless"
    needed = _EVIDENCE[method]
    lacking = [band for band in needed if band not in bands]
    if lacking:
        what = f"the bands {', '.join(needed)}" if len(needed) > 1 else f"the band {needed[0]}"
        raise DataError(
            f"Cloud detection (METHOD) {method} needs {what}; this imagery lacks {', '.join(lacking)}. "
            f"{_INSTEAD[method]}"
        )
    return method


def choose_bands(
    offered: Sequence[str], learnt: Collection[str], detection: str, *, factor: int, gives_cells: bool
) -> Chosen:
    """What to fetch of what is offered, in that order: the bands learnt from, all radar, and what tells clouds.

    The detector's bands come in cells of `factor` × `factor` pixels where these can be had and are fewer values.
    """
    wanted = {band for band in offered if band in learnt or band in RADAR_BANDS}
    if not wanted:
        raise DataError(
            f"None of the bands {', '.join(learnt)} can be had from this imagery; its bands are {', '.join(offered)}. "
            "Set BANDS."
        )
    together = wanted.union(_EVIDENCE[detection])
    in_cells = gives_cells and detection == "s2cloudless"
    if in_cells and len(wanted) + len(DETECTOR_BANDS) / factor**2 < len(together):
        return Chosen(tuple(band for band in offered if band in wanted), cells=True)
    return Chosen(tuple(band for band in offered if band in together))
