"""The question before a run that takes very long or much disk space."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qgis.PyQt.QtWidgets import QMessageBox, QWidget

from ..processing_provider.translation import tr
from .amounts import minutes_text, size_text
from .area_section import LARGE_KM2


def is_confirmed(parent: QWidget, found: Mapping[str, Any], workspace: Path) -> bool:
    """Whether the user wants a run of what `splitarea` has found; asked only where it is large."""
    if not found:
        return True
    disk = shutil.disk_usage(next(folder for folder in (workspace, *workspace.parents) if folder.exists()))
    reasons = []
    if found["AREA_KM2"] > LARGE_KM2:
        reasons.append(tr("The area is {:,.0f} km².").format(found["AREA_KM2"]))
    if disk.total and found["DISK_MB"] > disk.free / 1e6:  # some network drives say nothing
        reasons.append(tr("The disk has {} free.").format(size_text(disk.free / 1e6)))
    if not reasons:
        return True
    text = tr("{} A year of imagery takes about {} and {} on disk. Continue?").format(
        " ".join(reasons), minutes_text(found["MINUTES"]), size_text(found["DISK_MB"])
    )
    buttons = QMessageBox.StandardButton
    answer = QMessageBox.question(parent, tr("A long run"), text, buttons.Yes | buttons.No, buttons.No)
    return bool(answer == buttons.Yes)
