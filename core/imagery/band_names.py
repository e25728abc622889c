"""Names of bands that the user gave for the imagery of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..store.records import Record
from ..store.workspace import Workspace


@dataclass(frozen=True)
class BandNamesRecord(Record):
    """The bands of the files of an imagery folder, in order, as the user gave them."""

    STEP: ClassVar[str] = "bandnames"
    imagery: str
    names: tuple[str, ...]


def find_band_names(workspace: Workspace, imagery: Path) -> tuple[str, ...]:
    """The names kept for this imagery folder; empty if there are none."""
    found = workspace.find(BandNamesRecord)
    return found.names if found and found.imagery == str(imagery.resolve()) else ()


def keep_band_names(workspace: Workspace, imagery: Path, names: tuple[str, ...]) -> None:
    """Keep the names for later steps."""
    record = BandNamesRecord(str(imagery.resolve()), names)
    if find_band_names(workspace, imagery) != names:
        workspace.write(record)
