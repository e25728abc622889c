"""Texts in the person's language."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def tr(text: str) -> str:
    """The text in the language of QGIS, where there is a translation."""
    return QCoreApplication.translate("Patchwork", text)
