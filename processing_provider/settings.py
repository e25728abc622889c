"""The settings in the options of Patchwork; call a setting to read its value."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Generic, TypeVar

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QStandardPaths

from ..core.operations.declarations.workspace import ResourceParameters

T = TypeVar("T", str, int)


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A value in QGIS's settings, of the type of its default."""

    key: str
    default: T

    def __call__(self) -> T:
        """The value; the default if none is set or it is invalid."""
        value = QgsSettings().value(self.key)
        try:
            return self.default if value in (None, "") else type(self.default)(value)
        except (TypeError, ValueError):
            return self.default

    def set(self, value: T) -> None:
        """Store a value; the default is not stored, so that a new version can change it."""
        if value in ("", self.default):
            QgsSettings().remove(self.key)
        else:
            QgsSettings().setValue(self.key, value)


def _documents() -> str:
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return os.path.join(folder, "Patchwork")


python = Setting("patchwork/python", "")  # the engine's interpreter; empty for QGIS's own
workspace_folder = Setting("patchwork/workspace_folder", _documents())  # where new workspaces are created
memory = Setting("patchwork/memory", ResourceParameters.memory)  # MB
jobs = Setting("patchwork/jobs", ResourceParameters.jobs)  # 0: one per core
account = Setting("patchwork/account", "")  # the id of an authentication configuration
