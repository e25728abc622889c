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

    return FolderSource.open(imagery or Path())


SOURCE = SourceRecord(
    name="folder",
    label="Folder of GeoTIFFs",
    help="GeoTIFFs named <prefix>_<YYYYMMDDTHHMMSS>.tif (UTC), bands named in their descriptions (B02, B03 …), uint16 "
    "reflectance × 10000, 0 = no data. Tiles of one acquisition have the same time.",
    open=_open,
    fields=("imagery",),
    is_local=True,
)
