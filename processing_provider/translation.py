"""Translation of texts."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def tr(text: str) -> str:
    """The text in the language of QGIS, if there is a translation."""
    return QCoreApplication.translate("Patchwork", text)
