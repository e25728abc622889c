"""Land cover by rule: heights, fields, woods, altitudinal belts, water and its banks, towns and roads.

Each function takes rows `y` and columns `x` in pixels, a column and a row of numbers where they are a grid, and returns
the number of the cover in `Region.covers` at each place, or -1 where the feature is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import noise
from .noise import Floats, Hashes, Numbers
from .region import Region


def height(region: Region, y: Floats, x: Floats) -> Floats:
    """Metres above sea level: a rolling valley, and hills with ridges and gullies."""
    terrain = region.definition["terrain"]
    height: Floats = terrain["valley_m"] + 34.0 * noise.field(noise.key(region.seed, "valley"), y, x, 140.0)
    ridges = 1.0 - np.abs(2.0 * noise.field(noise.key(region.seed, "ridges"), y, x, 125.0, 5) - 1.0)
    outline = noise.field(noise.key(region.seed, "outline"), y, x, 150.0) - 0.5
    for hill in terrain["hills"]:
        inside = 1.0 - ellipse(y, x, hill["row"], hill["column"], hill["rows"], hill["columns"]) + 0.5 * outline
        height = height + hill["height_m"] * noise.smoothstep(1.1 * inside) * (0.45 + 0.55 * ridges)
    return height


def ellipse(y: Floats, x: Floats, row: float, column: float, rows: float, columns: float) -> Floats:
    """The distance from the centre of an ellipse, 1 at its rim."""
    down, right = (y - row) / rows, (x - column) / columns
    distance: Floats = np.sqrt(down * down + right * right)
    return distance


def fields(region: Region, y: Floats, x: Floats) -> tuple[Numbers, Hashes]:
    """Strips of fields in blocks of varying direction, with crops, grass or shrubs."""
    wave = 5.0 * (noise.field(noise.key(region.seed, "lanes"), y, x, 60.0, 2) - 0.5)
    block, seed_y, seed_x = noise.cells(noise.key(region.seed, "blocks"), y + wave, x - wave, 42.0)
    along_y, along_x = noise.unit(noise.mix(block, 1)) - 0.5, noise.unit(noise.mix(block, 2)) - 0.5
    length = np.sqrt(along_y * along_y + along_x * along_x) + 1e-9
    along_y, along_x = along_y / length, along_x / length
    down, right = y + wave - seed_y, x - wave - seed_x
    width = 4.5 + 11.0 * noise.unit(noise.mix(block, 3))
    strip = np.floor((down * along_x - right * along_y) / width).astype(np.int64)
    cut = (down * along_y + right * along_x) / (18.0 + 26.0 * noise.unit(noise.mix(block, 4)))
    piece = np.floor(cut + noise.unit(noise.mix(block, 5, strip))).astype(np.int64)
    parcel = noise.mix(block, strip, piece)

    upland = height(region, seed_y, seed_x) > 400.0
    grassy = np.where(upland, 0.96, np.where(noise.unit(noise.mix(block, 6)) < 0.3, 0.78, 0.24))
    is_grass = noise.unit(noise.mix(parcel, 1)) < grassy
    draw = noise.unit(noise.mix(parcel, 2))
    cover = np.where(is_grass, _draw(region, draw, class_id=3), _draw(region, draw, class_id=1))
    bushes = noise.unit(noise.mix(parcel, 3)) < np.where(is_grass, 0.14, 0.03)
    return np.where(bushes, region.number("shrubs"), cover), parcel


def _draw(region: Region, draw: Floats, *, class_id: int) -> Numbers:
    """One of the covers of a class for each number in 0..1, with the probability of its share."""
    chosen, threshold = np.full(draw.shape, -1, np.int64), 0.0
    for number, cover in enumerate(region.covers):
        if cover.class_id == class_id and cover.share > 0.0:
            chosen = np.where(draw >= threshold, number, chosen)
            threshold += cover.share
    return chosen


def woods(region: Region, y: Floats, x: Floats, height: Floats, stand_y: Floats, stand_x: Floats) -> Numbers:
    """Woods with shrubs at their edge, denser on hills; more conifers at greater heights."""
    layer = noise.key(region.seed, "woods")
    hilly = 0.36 * noise.smoothstep((height - 310.0) / 190.0)
    # Half of it follows the stands, so that edges of woods are partly straight and partly ragged.
    wood = 0.5 * noise.field(layer, y, x, 80.0) + 0.5 * noise.field(layer, stand_y, stand_x, 80.0) + hilly
    dark = noise.field(noise.key(region.seed, "conifers"), stand_y, stand_x, 70.0) + (height - 600.0) / 2600.0
    kind = np.where(dark < 0.42, region.number("beech wood"), region.number("mixed wood"))
    kind = np.where(dark > 0.53, region.number("spruce wood"), kind)
    bushy = noise.field(noise.key(region.seed, "rims"), y, x, 30.0) > 0.5
    rim = np.where((wood > 0.555) & bushy, region.number("shrubs"), -1)
    return np.where(wood > 0.6, kind, rim)


def heights(region: Region, y: Floats, x: Floats, height: Floats, stand: Hashes) -> Numbers:
    """Belts above the treeline: dwarf pine and alpine pasture, heath, rock."""
    terrain = region.definition["terrain"]
    ragged = height + 240.0 * (noise.field(noise.key(region.seed, "belts"), y, x, 45.0) - 0.5)
    ragged = ragged + 60.0 * (noise.unit(noise.mix(stand, 11)) - 0.5)
    pasture = noise.field(noise.key(region.seed, "alps"), y, x, 50.0)
    alp = region.number("alpine pasture")
    clearing = np.where((ragged > 900.0) & (pasture > 0.66), alp, -1)
    belt = np.where(pasture > 0.52, alp, region.number("dwarf pine"))
    belts = np.where(ragged > terrain["treeline_m"], belt, clearing)
    belts = np.where(ragged > terrain["heath_line_m"], region.number("alpine heath"), belts)
    scree = (pasture < 0.3) & (ragged > terrain["treeline_m"])
    return np.where((ragged > terrain["rock_line_m"]) | scree, region.number("bare rock"), belts)


def _river(region: Region, y: Floats, x: Floats) -> Floats:
    """Distance from the middle of the river in pixels, positive on its southern bank."""
    river = region.definition["terrain"]["river"]

    def middle(at: Floats) -> Floats:
        bends = noise.field(noise.key(region.seed, "river"), np.zeros((1, 1)), at, 115.0, 3) - 0.5
        row: Floats = river["row"] + river["fall"] * (at - 300.0) + river["swing"] * bends
        return row

    line = x[:1]
    slope = middle(line + 0.5) - middle(line - 0.5)
    distance: Floats = (y - middle(line)) / np.sqrt(1.0 + slope * slope)
    return distance


def waterside(region: Region, y: Floats, x: Floats, height: Floats, stand: Hashes) -> Numbers:
    """Gravel, woods and reeds along the river, reeds around lakes, fens in low areas, trees along brooks."""
    terrain = region.definition["terrain"]
    patches = noise.field(noise.key(region.seed, "banks"), y, x, 55.0)
    wet = np.where(noise.unit(noise.mix(stand, 12)) < 0.5, region.number("reed bed"), region.number("wet meadow"))
    signed = _river(region, y, x)
    river = np.abs(signed)
    ragged = noise.field(noise.key(region.seed, "reeds"), y, x, 20.0)
    fen = noise.field(noise.key(region.seed, "fens"), y, x, 75.0)
    side = np.where((fen > 0.70) & (height < 330.0), wet, -1)
    side = np.where((river < 20.0) & (patches > 0.6), wet, side)
    side = np.where((river < 4.0 + 14.0 * (0.62 - patches)) & (patches < 0.62), region.number("riverside wood"), side)
    # Gravel bars alternate between the banks and taper off.
    bar = noise.field(noise.key(region.seed, "bars"), np.zeros((1, 1)), x[:1], 46.0, 3) - 0.5
    reach = terrain["river"]["half_width"] + 34.0 * (np.abs(bar) - 0.06)
    side = np.where((river < reach) & (signed * bar > 0.0), region.number("gravel"), side)
    for row, column, rows, columns in terrain["lakes"]:
        shore = ellipse(y, x, row, column, rows + 5.0, columns + 5.0) + 2.0 * (ragged - 0.5) < 1.0
        side = np.where(shore & (patches > 0.46), wet, side)
    for brook in terrain["brooks"]:
        layer = noise.key(region.seed, f"brook {brook['column']}")
        middle = brook["column"] + 60.0 * (noise.field(layer, y[:, :1], np.zeros((1, 1)), 70.0) - 0.5)
        near = (np.abs(x - middle) < 0.8 + 2.0 * patches) & (y > brook["from_row"]) & (y < brook["to_row"])
        side = np.where(near, region.number("riverside wood"), side)
    return side


def water(region: Region, y: Floats, x: Floats) -> Numbers:
    """The river and the lakes."""
    terrain = region.definition["terrain"]
    ripple = noise.field(noise.key(region.seed, "shores"), y, x, 26.0) - 0.5
    river = np.abs(_river(region, y, x)) < terrain["river"]["half_width"] * (1.0 + ripple)
    water = np.where(river, region.number("river water"), -1)
    for row, column, rows, columns in terrain["lakes"]:
        lake = ellipse(y, x, row, column, rows, columns) + 1.7 * ripple < 1.0
        water = np.where(lake, region.number("lake water"), water)
    return water


def built(region: Region, y: Floats, x: Floats) -> tuple[Numbers, Hashes]:
    """Towns with streets, and roads between towns; also the hash of the building at each pixel."""
    building = noise.cells(noise.key(region.seed, "buildings"), y, x, 3.6)[0]
    edge = 2.6 * (noise.field(noise.key(region.seed, "suburbs"), y, x, 24.0) - 0.5)
    park = noise.field(noise.key(region.seed, "parks"), y, x, 20.0) > 0.66
    built = np.full(np.broadcast_shapes(y.shape, x.shape), -1, np.int64)
    for town in region.definition["towns"]:
        far = ellipse(y, x, town["row"], town["column"], town["radius"], town["radius"])
        built = np.where((far + edge < 1.0) & ~park, region.number(town["cover"]), built)
        if town["cover"] == "town":
            built = np.where((built >= 0) & (far + edge > 0.75), region.number("village"), built)
    # Streets follow the contours of a warped plane, so that blocks differ in size and none is square.
    warp = 40.0 * noise.field(noise.key(region.seed, "streets"), y, x, 30.0, 2)
    lane, across = (y * 3.0 + x + warp) / 34.0, (x * 3.0 - y - warp) / 41.0
    street = (lane - np.floor(lane) < 0.09) | (across - np.floor(across) < 0.08)
    built = np.where((built >= 0) & street, region.number("road"), built)
    for road in region.definition["roads"]:
        built = np.where(_far_from_line(y, x, road) < road["width"] / 2.0, region.number("road"), built)
    return built, building


def _far_from_line(y: Floats, x: Floats, road: Mapping[str, Any]) -> Floats:
    """Distance from the nearest segment of the road in pixels."""
    nearest = np.full(np.broadcast_shapes(y.shape, x.shape), np.inf)
    for (row, column), (next_row, next_column) in zip(road["line"], road["line"][1:], strict=False):
        down, right = float(next_row - row), float(next_column - column)
        along = noise.clip(((y - row) * down + (x - column) * right) / (down * down + right * right))
        off_y, off_x = y - row - along * down, x - column - along * right
        nearest = np.minimum(nearest, np.sqrt(off_y * off_y + off_x * off_x))
    return nearest
