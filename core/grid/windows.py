"""Rectangles of pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels of a grid.

    `row` and `column` are those of its upper left pixel, counted from the grid's pixel (0, 0) downwards and to the
    right; both may be negative. `height` and `width` count pixels; a window without any is empty. Raises ValueError
    where one of them is negative.
    """

    row: int
    column: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 0 or self.width < 0:
            raise ValueError(f"A window has no negative size: height {self.height}, width {self.width}.")

    @property
    def bottom(self) -> int:
        """The first row below the window."""
        return self.row + self.height

    @property
    def right(self) -> int:
        """The first column to the right of the window."""
        return self.column + self.width

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)"""
        return self.height, self.width

    @property
    def is_empty(self) -> bool:
        """Whether the window has no pixels."""
        return self.height == 0 or self.width == 0

    @classmethod
    def between(cls, row: int, column: int, bottom: int, right: int) -> Window:
        """The window from (row, column) up to, not including, (bottom, right)."""
        return cls(row, column, max(bottom - row, 0), max(right - column, 0))

    def intersection(self, other: Window) -> Window:
        """The pixels in both; empty where they do not meet."""
        return Window.between(
            max(self.row, other.row),
            max(self.column, other.column),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def expanded(self, margin: int) -> Window:
        """The window with `margin` more pixels on every side."""
        return Window(self.row - margin, self.column - margin, self.height + 2 * margin, self.width + 2 * margin)

    def coarse(self, factor: int) -> Window:
        """The cells of `factor` × `factor` pixels that the window touches, as a window of the coarse grid."""
        return Window.between(
            self.row // factor, self.column // factor, -(-self.bottom // factor), -(-self.right // factor)
        )

    def fine(self, factor: int) -> Window:
        """The pixels of a window of coarse cells; `window.coarse(f).fine(f)` contains `window`."""
        return Window(self.row * factor, self.column * factor, self.height * factor, self.width * factor)

    def moved(self, rows: int, columns: int) -> Window:
        """The window moved down by `rows` and to the right by `columns`."""
        return Window(self.row + rows, self.column + columns, self.height, self.width)

    def within(self, outer: Window) -> Window:
        """The window counted from the upper left pixel of `outer`, such as that of a file."""
        return self.moved(-outer.row, -outer.column)

    def slices(self, part: Window) -> tuple[slice, slice]:
        """The slices of `part`, a window inside this one, in an array of this one."""
        inside = part.within(self)
        return slice(inside.row, inside.bottom), slice(inside.column, inside.right)

    def tiles(self, side: int) -> Iterator[Window]:
        """The window cut into the fewest rectangles of about the same size with sides of at most `side` pixels."""
        rows, columns = -(-self.height // side), -(-self.width // side)
        yield from self.divided(rows, columns)

    def divided(self, rows: int, columns: int) -> list[Window]:
        """The window cut into `rows` × `columns` rectangles of about the same size, row by row."""
        tops = [self.row + self.height * i // rows for i in range(rows + 1)]
        lefts = [self.column + self.width * j // columns for j in range(columns + 1)]
        return [
            Window.between(tops[i], lefts[j], tops[i + 1], lefts[j + 1]) for i in range(rows) for j in range(columns)
        ]

    def strips(self, height: int) -> Iterator[Window]:
        """The window cut into strips of at most `height` rows, from the top."""
        for row in range(self.row, self.bottom, height):
            yield Window(row, self.column, min(height, self.bottom - row), self.width)
