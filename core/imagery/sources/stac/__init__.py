"""STAC catalogues with Cloud Optimized GeoTIFFs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..record import SourceRecord

if TYPE_CHECKING:
    from ..ledger import Ledger
    from ..protocols import Source
    from ..services import Service


def _open(imagery: Optional[Path], service: Service, ledger: Optional[Ledger]) -> Source:
    from .source import open_stac

    return open_stac(service)


SOURCE = SourceRecord(
    name="stac",
    label="STAC catalogue (without an account)",
    help="Any STAC API with Cloud Optimized GeoTIFFs that can be read by https without an account. Default: Sentinel-2 "
    "L2A of Earth Search.",
    open=_open,
    fields=("collection",),
    needs_period=True,
)
