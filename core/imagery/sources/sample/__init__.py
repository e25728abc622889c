"""The built-in sample region: simulated, the same on every machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..record import BuiltInReference, SourceRecord

if TYPE_CHECKING:
    from ..ledger import Ledger
    from ..protocols import Source
    from ..services import Service

CLASS_FIELD = "class_id"
NAME_FIELD = "class_name"


def _open(imagery: Optional[Path], service: Service, ledger: Optional[Ledger]) -> Source:
    from .source import SampleSource

    return SampleSource()


def _write_reference(file: Path) -> Path:
    from .source import write_reference

    return write_reference(file)


SOURCE = SourceRecord(
    name="sample",
    label="Built-in sample region (simulated)",
    help="A simulated region with a year of Sentinel-2 L1C and its own reference. It needs no account and no download.",
    open=_open,
    is_local=True,
    is_simulated=True,
    reference=BuiltInReference(_write_reference, class_field=CLASS_FIELD, name_field=NAME_FIELD),
)
