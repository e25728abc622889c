"""Items of a catalogue grouped into passes of a satellite: one pass is one acquisition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ...errors import DataError
from ...grid import antimeridian
from ...store.acquisitions import OfferedAcquisition

# The datatake in a product's id. Sentinel-2: S2A_MSIL1C_20200823T100031_N0209_R122_T32TQM_20200823T121427, the first
# time is the start of the datatake. Sentinel-1: …_20190125T051500_20190125T051525_025025_02C2A1_ABCD, orbit and
# datatake. Landsat: LC08_L1TP_190028_20190115_20200829_02_T1, path (then row) and day.
_SENTINEL_2 = re.compile(r"^(S2[A-Z])_MSIL\w{2}_(\d{8}T\d{6})_")
_SENTINEL_1 = re.compile(r"^(S1[A-Z])_.*_(\d{6}_[0-9A-F]{6})(?:_|$)")
_LANDSAT = re.compile(r"^(L\w\d{2})_\w{4}_(\d{3})\d{3}_(\d{8})_")

# Tile, path and row of an id; the processing time; the counter of a product of the same tile and day.
_TILE_IN_ID = re.compile(r"^S2[A-Z]_(?:.*_)?T?0?(\d{1,2}[A-Z]{3})_|^L\w\d{2}_\w{4}_(\d{6})_")
_PROCESSED_IN_ID = re.compile(r"_(\d{8}T\d{6})(?:\.SAFE|_COG)?(?:\.SAFE)?$|^L\w\d{2}_\w{4}_\d{6}_\d{8}_(\d{8})_")
_COUNTER_IN_ID = re.compile(r"_\d{8}_(\d+)_L\d\w$")
_BASELINE_IN_ID = re.compile(r"_N(\d{4})_")

_LONGEST_GAP = timedelta(minutes=10)

# A remark for the user.
OLDER_LEFT_OUT = "older processings of a scene are skipped; the newest baseline is used"


@dataclass(frozen=True)
class CatalogueItem:
    """One product: id, sensing time (UTC), satellite, footprint (EPSG:4326), cloud cover (0 to 1) and other facts.

    `tile` is the square or path and row that the product shows, empty if unknown. Of several products of one tile the
    one with the highest `rank` is used: the number of its bands, the preference of its collection, its baseline.
    `processed` orders those of the same rank.
    """

    id: str
    time: datetime
    platform: str
    footprint: BaseGeometry
    cloud_cover: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    tile: str = ""
    rank: tuple[int, int, float] = (0, 0, 0.0)
    processed: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Pass:
    """The items of one pass, by id; of a tile that was processed several times, the newest processing only.

    `older` are the items that newer ones replace. `time` is the start of the datatake if it is known, so that it does
    not depend on which items were found; otherwise the time of the first item.
    """

    time: datetime
    platform: str
    items: tuple[CatalogueItem, ...]
    older: tuple[CatalogueItem, ...] = ()

    @property
    def first(self) -> datetime:
        """The time of the earliest item."""
        return min(item.time for item in self.items)

    @property
    def last(self) -> datetime:
        """The time of the latest item."""
        return max(item.time for item in self.items)

    @property
    def footprint(self) -> BaseGeometry:
        """The union of the footprints."""
        return shapely.union_all([item.footprint for item in self.items])

    def cloud_cover(self, area: BaseGeometry) -> float | None:
        """The mean cloud cover of the items, weighted by their area of the area; None if no item has one."""
        shares = [(item.footprint.intersection(area).area, item.cloud_cover) for item in self.items]
        known = [(share, cover) for share, cover in shares if cover is not None and share > 0.0]
        total = sum(share for share, _ in known)
        return sum(share * cover for share, cover in known) / total if known else None


P = TypeVar("P", Pass, OfferedAcquisition)


def read_item(
    feature: Mapping[str, Any], facts: Mapping[str, Any] | None = None, preference: tuple[int, int] = (0, 0)
) -> CatalogueItem:
    """An item of a STAC catalogue (0.9 to 1.1); DataError if it has no valid time or place.

    `preference` is the beginning of its rank.
    """
    name = str(feature.get("id", "without an id"))
    try:
        properties = feature["properties"]
        moment = properties.get("datetime") or properties["start_datetime"]
        cover = properties.get("eo:cloud_cover")
        return CatalogueItem(
            name,
            datetime.fromisoformat(str(moment).replace("Z", "+00:00")).astimezone(timezone.utc),
            str(properties.get("platform", "")).lower(),
            _footprint(feature),
            None if cover is None else float(cover) / 100.0,
            facts or {},
            _tile(feature),
            (*preference, baseline_of(feature)),
            _processed(feature),
        )
    except (LookupError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        raise DataError(
            f"The catalogue's item {name} cannot be read: it has no valid time or geometry ({error})."
        ) from error


def baseline_of(feature: Mapping[str, Any]) -> float:
    """The processing baseline of a Sentinel-2 item, such as 5.11; 0 if the item does not declare it."""
    properties = feature.get("properties", {})
    for name in ("s2:processing_baseline", "processing:version", "sentinel:processing_baseline"):
        if re.fullmatch(r"\d\d\.\d\d", str(properties.get(name, ""))):
            return float(properties[name])
    found = _BASELINE_IN_ID.search(str(properties.get("s2:product_uri", "")) or str(feature.get("id", "")))
    return int(found.group(1)) / 100.0 if found else 0.0


def _footprint(feature: Mapping[str, Any]) -> BaseGeometry:
    """The geometry of an item, or the rectangle that it gives if it has none; in two halves where it crosses ±180°."""
    if feature.get("geometry") is not None:
        geometry = shapely.geometry.shape(feature["geometry"])
        return shapely.make_valid(antimeridian.split(np.array([geometry], dtype=object))[0])
    box = [float(value) for value in feature["bbox"]]
    left, bottom, right, top = (*box[:2], *box[len(box) // 2 :][:2])
    if left > right:
        return shapely.union(shapely.box(left, bottom, 180.0, top), shapely.box(-180.0, bottom, right, top))
    return shapely.box(left, bottom, right, top)


def _tile(feature: Mapping[str, Any]) -> str:
    properties = feature["properties"]
    for name in ("s2:mgrs_tile", "grid:code"):
        if properties.get(name):
            return str(properties[name]).removeprefix("MGRS-").removeprefix("T").lstrip("0")
    return _part(_TILE_IN_ID, str(feature.get("id", "")))


def _processed(feature: Mapping[str, Any]) -> tuple[str, int]:
    """When a product was processed, as text that sorts by time, and its number among those of a day."""
    name, properties = str(feature.get("id", "")), feature["properties"]
    counter = int(_part(_COUNTER_IN_ID, name) or 0)
    product = str(properties.get("s2:product_uri", ""))
    for text in (properties.get("s2:generation_time"), properties.get("processing:datetime")):
        if text:
            return re.sub(r"\D", "", str(text))[:14], counter
    return re.sub(r"\D", "", _part(_PROCESSED_IN_ID, product) or _part(_PROCESSED_IN_ID, name)), counter


def _part(pattern: re.Pattern[str], name: str) -> str:
    found = pattern.search(name)
    return next((part for part in found.groups() if part), "") if found else ""


def group_passes(items: Iterable[CatalogueItem], *, longest_gap: timedelta = _LONGEST_GAP) -> list[Pass]:
    """The passes by time; the order of the items does not matter, and no two passes have the same second.

    Items of one datatake are one pass; without a datatake in their ids, those of one satellite with no gap above
    `longest_gap` between one and the next.
    """
    groups: dict[tuple[str, str], list[CatalogueItem]] = {}
    last: dict[str, tuple[str, datetime]] = {}
    for item in sorted(items, key=lambda each: (each.time, each.id)):
        datatake = _datatake(item.id)
        if not datatake:
            name, before = last.get(item.platform, ("", item.time - 2 * longest_gap))
            datatake = name if item.time - before <= longest_gap else f"from {item.time.isoformat()}"
            last[item.platform] = (datatake, item.time)
        groups.setdefault((item.platform, datatake), []).append(item)
    passes = [_pass_of(platform, members) for (platform, _), members in groups.items()]
    return named_apart(sorted(passes, key=lambda each: each.platform))


def _pass_of(platform: str, members: list[CatalogueItem]) -> Pass:
    """The pass with those members that have the highest rank of their tile.

    Several may have it: if a datatake was downlinked in two strips, each holds a part of the tile. The one that was
    processed last comes first.
    """
    best: dict[str, tuple[int, int, float]] = {}
    first: dict[str, str] = {}
    for item in members:
        best[item.tile or item.id] = max(best.get(item.tile or item.id, item.rank), item.rank)
    kept = [item for item in members if item.rank == best[item.tile or item.id]]
    for item in kept:
        first[item.tile or item.id] = min(first.get(item.tile or item.id, item.id), item.id)
    kept.sort(key=lambda item: item.id)
    kept.sort(key=lambda item: item.processed, reverse=True)
    kept.sort(key=lambda item: first[item.tile or item.id])
    older = tuple(sorted((item for item in members if item not in kept), key=lambda item: item.id))
    return Pass(_start(kept), platform, tuple(kept), older)


def _datatake(name: str) -> str:
    """The part that ids of one datatake have in common; empty if the id does not contain it."""
    for pattern in (_SENTINEL_2, _SENTINEL_1, _LANDSAT):
        found = pattern.match(name)
        if found:
            return " ".join(found.groups())
    return ""


def _start(items: list[CatalogueItem]) -> datetime:
    found = _SENTINEL_2.match(items[0].id)
    if found:
        return datetime.strptime(found.group(2), "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    return min(item.time for item in items).replace(microsecond=0)


def named_apart(items: Iterable[P]) -> list[P]:
    """Passes or acquisitions by time. A name has seconds only: of two in the same second, one moves to the next."""
    taken: set[datetime] = set()
    moved = []
    for item in sorted(items, key=lambda each: each.time):
        time = item.time
        while time in taken:
            time += timedelta(seconds=1)
        taken.add(time)
        moved.append(replace(item, time=time))
    return moved
