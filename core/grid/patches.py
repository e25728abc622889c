"""The patches that an area is cut into."""

from __future__ import annotations

from dataclasses import dataclass

from .windows import Window


@dataclass(frozen=True)
class Patch:
    """One rectangle of the grid. The id encodes its position, so it stays the same when the area grows."""

    id: str
    window: Window


def cut(domain: Window, height: int, width: int) -> list[Patch]:
    """`domain` cut into patches of `height` × `width` pixels, clipped to it, row by row.

    Patches start at multiples of their size from the grid's origin, so that their ids are stable.
    """
    rows = [(i, max(i * height, domain.row)) for i in range(domain.row // height, -(-domain.bottom // height))]
    columns = [(j, max(j * width, domain.column)) for j in range(domain.column // width, -(-domain.right // width))]
    heights = [min((i + 1) * height, domain.bottom) - top for i, top in rows]
    widths = [min((j + 1) * width, domain.right) - left for j, left in columns]
    return [
        Patch(_patch_id(i, j), Window(top, left, own_height, own_width))
        for (i, top), own_height in zip(rows, heights, strict=True)
        for (j, left), own_width in zip(columns, widths, strict=True)
    ]


def divide(domain: Window, rows: int, columns: int) -> list[Patch]:
    """`domain` cut into `rows` × `columns` patches of about the same size, row by row."""
    windows = domain.divided(rows, columns)
    return [Patch(_patch_id(number // columns, number % columns), window) for number, window in enumerate(windows)]


def _patch_id(row: int, column: int) -> str:
    return f"R{row:04d}C{column:04d}"
