"""The definition of the simulated region, read from `resources/sample_region.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

DEFINITION = Path(__file__).parents[5] / "resources" / "sample_region.json"

Spectrum = tuple[float, ...]


@dataclass(frozen=True)
class Cover:
    """The cover of a parcel: spectra of ground, green and dry vegetation, and their shares over the year.

    `season` holds knots `(day of year, green share, dry share)`; the rest is ground. `days` and `vigour` are the
    variation of timing (days) and strength between parcels, `texture` that between pixels, `snow` the share of fallen
    snow that is visible; between the days of `bloom`, petals hide part of the green.
    """

    name: str
    class_id: int
    ground: Spectrum
    green: Spectrum
    dry: Spectrum
    petals: Spectrum
    season: tuple[tuple[float, float, float], ...]
    days: float
    vigour: float
    texture: float
    share: float = 0.0
    snow: float = 1.0
    bloom: tuple[float, float] | None = None


@dataclass(frozen=True)
class Region:
    """A region on a pixel grid: `left`, `top` and `resolution` in metres of `epsg`, sizes in pixels.

    `definition` is the whole file; it is not part of comparisons.
    """

    name: str
    title: str
    epsg: int
    left: float
    top: float
    resolution: float
    width: int
    height: int
    bands: tuple[str, ...]
    seed: int
    covers: tuple[Cover, ...]
    definition: Mapping[str, Any] = field(compare=False, repr=False)

    def number(self, cover: str) -> int:
        """The index of the cover with that name in `covers`."""
        return [each.name for each in self.covers].index(cover)


@lru_cache(maxsize=1)
def load_region() -> Region:
    """The sample region of the plugin."""
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    surfaces = {name: tuple(map(float, values)) for name, values in definition["surfaces"].items()}
    return Region(
        name=definition["name"],
        title=definition["title"],
        epsg=int(definition["epsg"]),
        left=float(definition["left"]),
        top=float(definition["top"]),
        resolution=float(definition["resolution"]),
        width=int(definition["width"]),
        height=int(definition["height"]),
        bands=tuple(definition["bands"]),
        seed=int(definition["seed"]),
        covers=tuple(_cover(row, surfaces) for row in definition["covers"]["table"]),
        definition=definition,
    )


def _cover(row: Mapping[str, Any], surfaces: Mapping[str, Spectrum]) -> Cover:
    bloom = row.get("bloom")
    return Cover(
        name=row["name"],
        class_id=int(row["class"]),
        ground=surfaces[row["ground"]],
        green=surfaces[row["green"]],
        dry=surfaces[row["dry"]],
        petals=surfaces[row.get("petals", row["green"])],
        season=tuple((float(day), float(green), float(dry)) for day, green, dry in row["season"]),
        days=float(row["days"]),
        vigour=float(row["vigour"]),
        texture=float(row["texture"]),
        share=float(row.get("share", 0.0)),
        snow=float(row.get("snow", 1.0)),
        bloom=(float(bloom[0]), float(bloom[1])) if bloom else None,
    )


CLASSES: Mapping[int, str] = MappingProxyType(
    {int(number): name for number, name in json.loads(DEFINITION.read_text(encoding="utf-8"))["classes"].items()}
)
