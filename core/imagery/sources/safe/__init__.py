"""Sentinel-2 products as delivered: .SAFE folders and zips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..record import SourceRecord

if TYPE_CHECKING:
    from ..ledger import Ledger
    from ..protocols import Source
    from ..services import Service


def _open(imagery: Optional[Path], service: Service, ledger: Optional[Ledger]) -> Source:
    from .source import SafeSource

    return SafeSource.open(imagery or Path())


SOURCE = SourceRecord(
    name="safe",
    label="Sentinel-2 products as delivered (.SAFE, .zip)",
    help="A folder of Sentinel-2 products, L1C or L2A, as .SAFE folders or zips.",
    open=_open,
    fields=("imagery",),
    is_local=True,
)
