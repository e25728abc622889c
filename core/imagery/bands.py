"""The bands of scenes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChosenBands:
    """The bands of scenes, and whether those of the cloud detector are fetched separately, in cells."""

    scene: tuple[str, ...]
    cells: bool = False
