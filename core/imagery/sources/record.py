"""What a source of imagery is. Standard library only: QGIS imports the records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from ...frozen import frozen

if TYPE_CHECKING:
    from .ledger import Ledger
    from .protocols import Source
    from .services import Service

    OpenSource = Callable[[Optional[Path], Service, Optional[Ledger]], Source]


@frozen
class BuiltInReference:
    """A reference that a source brings along: a function that writes it to a file, and the names of its fields."""

    write: Callable[[Path], Path]
    class_field: str
    name_field: Optional[str]


@frozen
class SourceRecord:
    """A source of imagery.

    `open` gives the source of an imagery folder (None if it reads none), a service and a ledger; it raises
    ParameterError or DataError if it cannot be opened, and asks no service yet. `fields` are the parameters that it
    needs besides the period. `is_local`: it is on this machine, with a grid and an extent of its own. `needs_period`:
    it reaches over so many years that START and END must be given. `is_simulated`: it does not show the real Earth.
    """

    name: str
    label: str
    help: str
    open: OpenSource
    fields: tuple[str, ...] = ()
    is_local: bool = False
    needs_period: bool = False
    is_simulated: bool = False
    reference: Optional[BuiltInReference] = None

    @property
    def needs_folder(self) -> bool:
        """Whether it reads a folder, IMAGERY."""
        return "imagery" in self.fields
