"""Products of a catalogue grouped into passes of a satellite: what was seen in one go is one acquisition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import shapely
from shapely.geometry.base import BaseGeometry

from ...errors import DataError
from ...store.acquisitions import Acquisition

# Where a product's id tells the datatake. Sentinel-2: S2A_MSIL1C_20200823T100031_N0209_R122_T32TQM_20200823T121427, the
# first time is when the datatake began. Sentinel-1: …_20190125T051500_20190125T051525_025025_02C2A1_ABCD, the orbit and
# the datatake. Landsat: LC08_L1TP_190028_20190115_20200829_02_T1, path (then row) and day.
_SENTINEL_2 = re.compile(r"^(S2[A-Z])_MSIL\w{2}_(\d{8}T\d{6})_")
_SENTINEL_1 = re.compile(r"^(S1[A-Z])_.*_(\d{6}_[0-9A-F]{6})(?:_|$)")
_LANDSAT = re.compile(r"^(L\w\d{2})_\w{4}_(\d{3})\d{3}_(\d{8})_")

_LONGEST_GAP = timedelta(minutes=10)


@dataclass(frozen=True)
class Tile:
    """One product: its id, sensing time (UTC), satellite, ground (EPSG:4326), cloud cover (0 to 1) and other facts."""

    id: str
    time: datetime
    platform: str
    footprint: BaseGeometry
    cloud_cover: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Pass:
    """The tiles of one pass, in order of id. `time` is when its datatake began, where that is known: it stays the same
    when more tiles of the pass come in sight. Otherwise it is the time of the first tile."""

    time: datetime
    platform: str
    tiles: tuple[Tile, ...]

    @property
    def first(self) -> datetime:
        """The time of the earliest tile."""
        return min(tile.time for tile in self.tiles)

    @property
    def last(self) -> datetime:
        """The time of the latest tile."""
        return max(tile.time for tile in self.tiles)

    @property
    def footprint(self) -> BaseGeometry:
        """The ground of all tiles together."""
        return shapely.union_all([tile.footprint for tile in self.tiles])

    def cloud_cover(self, area: BaseGeometry) -> float | None:
        """The mean of the tiles' cloud cover, by the part of the area that each shows; None where none tells."""
        told = [(tile.footprint.intersection(area).area, tile.cloud_cover) for tile in self.tiles]
        known = [(share, cover) for share, cover in told if cover is not None and share > 0.0]
        total = sum(share for share, _ in known)
        return sum(share * cover for share, cover in known) / total if known else None


P = TypeVar("P", Pass, Acquisition)


def read_tile(feature: Mapping[str, Any], facts: Mapping[str, Any] | None = None) -> Tile:
    """The tile of an item of a STAC catalogue (0.9 or 1.0); DataError where it lacks what every item has."""
    name = str(feature.get("id", "without an id"))
    try:
        properties = feature["properties"]
        moment = properties.get("datetime") or properties["start_datetime"]
        cover = properties.get("eo:cloud_cover")
        return Tile(
            name,
            datetime.fromisoformat(str(moment).replace("Z", "+00:00")).astimezone(timezone.utc),
            str(properties.get("platform", "")).lower(),
            shapely.make_valid(shapely.geometry.shape(feature["geometry"])),
            None if cover is None else float(cover) / 100.0,
            facts or {},
        )
    except (LookupError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        raise DataError(
            f"The catalogue's item {name} cannot be read: it has no usable time or ground ({error})."
        ) from error


def group_passes(tiles: Iterable[Tile]) -> list[Pass]:
    """The passes in order of time; the order of the tiles does not matter, and no two passes share a second."""
    groups: dict[tuple[str, str], list[Tile]] = {}
    last: dict[str, tuple[str, datetime]] = {}
    for tile in sorted(tiles, key=lambda each: (each.time, each.id)):
        datatake = _datatake(tile.id)
        if not datatake:
            name, before = last.get(tile.platform, ("", tile.time - 2 * _LONGEST_GAP))
            datatake = name if tile.time - before <= _LONGEST_GAP else f"from {tile.time.isoformat()}"
            last[tile.platform] = (datatake, tile.time)
        groups.setdefault((tile.platform, datatake), []).append(tile)
    passes = [
        Pass(_began(members), platform, tuple(sorted(members, key=lambda each: each.id)))
        for (platform, _), members in groups.items()
    ]
    return named_apart(sorted(passes, key=lambda each: each.platform))


def _datatake(name: str) -> str:
    """What products of one datatake have in common; empty where the id does not tell."""
    for pattern in (_SENTINEL_2, _SENTINEL_1, _LANDSAT):
        found = pattern.match(name)
        if found:
            return " ".join(found.groups())
    return ""


def _began(tiles: list[Tile]) -> datetime:
    found = _SENTINEL_2.match(tiles[0].id)
    if found:
        return datetime.strptime(found.group(2), "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    return min(tile.time for tile in tiles).replace(microsecond=0)


def named_apart(items: Iterable[P]) -> list[P]:
    """Passes or acquisitions by time. They are named by the second: of two in the same one, one moves on."""
    taken: set[datetime] = set()
    moved = []
    for item in sorted(items, key=lambda each: each.time):
        time = item.time
        while time in taken:
            time += timedelta(seconds=1)
        taken.add(time)
        moved.append(replace(item, time=time))
    return moved
