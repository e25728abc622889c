"""The sources of imagery: one record in a package or file of its own and one line here each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional, cast

from ...errors import ParameterError
from ...registry import Registry
from . import folder, safe, sample, sentinel_hub, stac

if TYPE_CHECKING:
    from .ledger import Ledger
    from .protocols import LocalSource, Source
    from .services import Service

SOURCES = Registry("Source (SOURCE)", (folder.SOURCE, sample.SOURCE, sentinel_hub.SOURCE, stac.SOURCE, safe.SOURCE))


def open_source(name: str, imagery: Optional[Path], service: Service, ledger: Optional[Ledger] = None) -> Source:
    """The source of that name; requests to a paid one are entered in the ledger and limited by its budget.

    Raises ParameterError or DataError if it cannot be opened. Services are not asked yet.
    """
    record = SOURCES[name]
    if record.needs_folder and imagery is None:
        raise ParameterError(f"Imagery folder (IMAGERY) is missing: the source {name} reads it.")
    return record.open(imagery, service, ledger)


def open_local(name: str, imagery: Optional[Path], band_names: tuple[str, ...] = ()) -> Optional[LocalSource]:
    """The source of that name if it is on this machine; None for services, and if its folder is not given.

    `band_names` are the bands of its files in order, if the user gives them.
    Raises ParameterError or DataError if it cannot be opened.
    """
    from .services import Service

    record = SOURCES[name]
    if not record.is_local or (record.needs_folder and imagery is None):
        return None
    return cast("LocalSource", record.open(imagery, Service(band_names=band_names), None))
