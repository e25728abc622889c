"""Sentinel Hub, the Copernicus Data Space Ecosystem, and other services with their protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..record import SourceRecord

if TYPE_CHECKING:
    from ..ledger import Ledger
    from ..protocols import Source
    from ..services import Service


def _open(imagery: Optional[Path], service: Service, ledger: Optional[Ledger]) -> Source:
    from .source import SentinelHubSource

    return SentinelHubSource(service, ledger)


SOURCE = SourceRecord(
    name="sentinelhub",
    label="Sentinel Hub or Copernicus Data Space (with an account)",
    help="Sentinel-2, Landsat and Sentinel-1 of Sentinel Hub or the Copernicus Data Space Ecosystem. Requests cost "
    "processing units of your account.",
    open=_open,
    fields=("service_url", "auth", "collection", "budget"),
    needs_period=True,
)
