"""Translation of texts."""

from __future__ import annotations

from functools import cache

from qgis.PyQt.QtCore import QCoreApplication


@cache
def tr(text: str) -> str:
    """The text in the language of QGIS, if there is a translation."""
    return QCoreApplication.translate("Patchwork", text)
