"""A folder of GeoTIFFs, one or several (tiles) per acquisition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..record import SourceRecord

if TYPE_CHECKING:
    from ..ledger import Ledger
    from ..protocols import Source
    from ..services import Service


def _open(imagery: Optional[Path], service: Service, ledger: Optional[Ledger]) -> Source:
    from .source import FolderSource

    return FolderSource.open(imagery or Path(), service.band_names)


SOURCE = SourceRecord(
    name="folder",
    label="Folder of GeoTIFFs",
    help="GeoTIFFs with the sensing time in their names, such as <prefix>_<YYYYMMDDTHHMMSS>.tif (UTC), bands named in "
    "their descriptions (B02, B03 …), uint16 reflectance × 10000, 0 = no data. Tiles of one acquisition are less than "
    "a minute apart.",
    open=_open,
    fields=("imagery", "band_names"),
    is_local=True,
)
