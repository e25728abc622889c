"""The products of the test services: the sample region by Sentinel-2, Sentinel-1 and Landsat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import Polygon

from patchwork.core.imagery.sources.sample import simulation
from patchwork.core.imagery.sources.sample.simulation import atmosphere

WHOLE = slice(None)
_REGION = simulation.load_region()
_L1C = _REGION.bands
_SATELLITES = (("A", "N0500"), ("B", "N0510"), ("C", "N0511"))


@dataclass(frozen=True)
class Product:
    """One tile of a collection. `read()` returns bands (y, x) by the service's name; 0 is no data."""

    collection: str
    id: str
    time: datetime
    platform: str
    cloud_cover: float | None
    footprint: Polygon  # EPSG:4326
    epsg: int
    left: float
    top: float
    pixel: float
    read: Callable[[], dict[str, np.ndarray]]


def products(*, tiles: int = 1) -> list[Product]:
    """All products of all collections; passes of Sentinel-2 have one tile, or two that overlap."""
    landsat = [*_landsat("l1", "L1TP"), *_landsat("l2", "L2SP")]
    return [*_sentinel_2("l1c", tiles), *_sentinel_2("l2a", tiles), *_sentinel_1(), *landsat]


def _sentinel_2(level: str, tiles: int) -> list[Product]:
    found = []
    for number, item in enumerate(simulation.passes(_REGION)):
        satellite, baseline = _SATELLITES[number % len(_SATELLITES)]
        began = item.time.strftime("%Y%m%dT%H%M%S")
        ground = _to_degrees(simulation.coverage(_REGION, item))
        for tile in range(tiles):
            tile_name = f"R{item.orbit:03d}_T33TW{'MN'[tile]}"
            name = f"S2{satellite}_MSI{level.upper()}_{began}_{baseline}_{tile_name}_{began}"
            columns = WHOLE if tiles == 1 else (slice(0, 360), slice(300, 600))[tile]
            found.append(
                Product(
                    f"sentinel-2-{level}",
                    name,
                    item.time + timedelta(seconds=3 * tile),
                    f"sentinel-2{satellite.lower()}",
                    item.cloud_cover * 100,
                    ground,
                    _REGION.epsg,
                    _REGION.left,
                    _REGION.top,
                    _REGION.resolution,
                    _reader(item.time, level, columns),
                )
            )
    return found


def _reader(time: datetime, level: str, columns: slice) -> Callable[[], dict[str, np.ndarray]]:
    def read() -> dict[str, np.ndarray]:
        bands = _seen(time) if level == "l1c" else _corrected(time)
        if columns == WHOLE:
            return bands
        inside = np.zeros(_REGION.width, dtype=bool)
        inside[columns] = True
        return {name: np.where(inside, values, 0) for name, values in bands.items()}

    return read


def _pass(time: datetime):
    return next(item for item in simulation.passes(_REGION) if item.time == time)


@lru_cache(maxsize=40)
def _seen(time: datetime) -> dict[str, np.ndarray]:
    pixels = simulation.render(_REGION, _pass(time), 0, 0, _REGION.height, _REGION.width)
    return dict(zip(_L1C, pixels, strict=True))


@lru_cache(maxsize=40)
def cloud_truth(time: datetime) -> np.ndarray:
    """(y, x) bool: pixels of the simulation that count as cloudy."""
    y = np.arange(_REGION.height, dtype=np.float64)[:, None]
    x = np.arange(_REGION.width, dtype=np.float64)[None, :]
    cloudy = np.zeros((_REGION.height, _REGION.width), dtype=bool)
    for cloud in atmosphere.clouds(_REGION, _pass(time).sky, y, x):
        cloudy |= cloud.opacity > cloud.seen_from
    return cloudy


@lru_cache(maxsize=40)
def _corrected(time: datetime) -> dict[str, np.ndarray]:
    """As L2A: no B10, the scene classification, and the cloud probabilities of the service (CLP) and of Sen2Cor (CLD).

    CLP is 0 to 255, CLD 0 to 100: it rises from left to right under clouds, so that it can be told from the other.
    """
    bands = {name: values for name, values in _seen(time).items() if name != "B10"}
    seen, cloudy = bands["B04"] > 0, cloud_truth(time)
    bands["SCL"] = np.where(seen, np.where(cloudy, 9, 4), 0)
    bands["CLP"] = np.where(seen & cloudy, 240, 0)
    bands["CLD"] = np.where(seen & cloudy, np.linspace(20, 100, seen.shape[1]).astype(int), 0)
    return bands


def _whole_ground() -> Polygon:
    right, bottom = _REGION.left + _REGION.width * 10, _REGION.top - _REGION.height * 10
    return _to_degrees(
        Polygon([(_REGION.left, _REGION.top), (right, _REGION.top), (right, bottom), (_REGION.left, bottom)])
    )


def _to_degrees(ground: Polygon) -> Polygon:
    to_degrees = Transformer.from_crs(_REGION.epsg, 4326, always_xy=True)
    return shapely.transform(ground.segmentize(500.0), to_degrees.transform, interleaved=False)


def _sentinel_1() -> list[Product]:
    found = []
    for number in range(30):
        time = datetime(2019, 1, 5, 5, 15, tzinfo=timezone.utc) + timedelta(days=12 * number)
        begins, ends = time.strftime("%Y%m%dT%H%M%S"), (time + timedelta(seconds=25)).strftime("%Y%m%dT%H%M%S")
        name = f"S1B_IW_GRDH_1SDV_{begins}_{ends}_{14370 + 175 * number:06d}_{0x1ABC + number:06X}_ABCD"
        place = (_whole_ground(), _REGION.epsg, _REGION.left, _REGION.top, 10.0)
        found.append(Product("sentinel-1-grd", name, time, "sentinel-1b", None, *place, lambda n=number: _radar(n)))
    return found


def _radar(number: int) -> dict[str, np.ndarray]:
    """Linear power: smooth dark water, bright mixed vegetation, and speckle that differs between passes."""
    summer = _seen(max(simulation.passes(_REGION), key=lambda item: -abs(item.time.timetuple().tm_yday - 200)).time)
    red, near = summer["B04"].astype(float), summer["B08"].astype(float)
    green = np.clip((near - red) / np.maximum(near + red, 1), 0, 1)
    speckle = np.random.default_rng([77, number]).gamma(5.0, 0.2, (2, *green.shape))
    return {"VV": (0.02 + 0.15 * green) * speckle[0], "VH": (0.004 + 0.05 * green) * speckle[1]}


def _landsat(level: str, kind: str) -> list[Product]:
    found = []
    for item in simulation.passes(_REGION)[::3]:
        time = item.time - timedelta(minutes=20)
        name = f"LC08_{kind}_190028_{time:%Y%m%d}_20200829_02_T1"
        ground = _to_degrees(simulation.coverage(_REGION, item))
        place = (ground, _REGION.epsg, _REGION.left, _REGION.top, 30.0)
        reader = lambda moment=item.time: _coarse(moment)  # noqa: E731
        found.append(Product(f"landsat-ot-{level}", name, time, "landsat-8", item.cloud_cover * 100, *place, reader))
    return found


def _coarse(time: datetime) -> dict[str, np.ndarray]:
    """Every third pixel in each direction, with Landsat's own names and the bits of Collection 2."""
    own = {"B01": "B01", "B02": "B02", "B03": "B03", "B04": "B04", "B05": "B08", "B06": "B11", "B07": "B12"}
    seen = _seen(time)
    bands = {name: seen[source][1::3, 1::3] for name, source in own.items()}
    bits = np.where(cloud_truth(time)[1::3, 1::3], 0b1000, 0b1000000)
    bands["BQA"] = np.where(bands["B04"] > 0, bits, 1)
    return bands
