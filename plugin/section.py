"""A section of the dock: a collapsible group box with a column of widgets."""

from __future__ import annotations

from html import escape
from typing import Optional

from qgis.core import Qgis, QgsApplication
from qgis.gui import QgsCollapsibleGroupBoxBasic
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

ICONS = {"warning": "/mIconWarning.svg", "error": "/mIconCritical.svg", "success": "/mIconSuccess.svg", "info": ""}


class Section(QgsCollapsibleGroupBoxBasic):
    """A collapsible group box with a column."""

    def __init__(self, title: str, parent: Optional[QWidget] = None) -> None:
        super().__init__(title, parent)
        content = QWidget()  # a collapsed box hides its children; what they show meanwhile must not appear
        self.column = QVBoxLayout(content)
        self.column.setContentsMargins(6, 6, 6, 6)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(content)
        self.column.setSpacing(5)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)


class Note(QWidget):
    """Text with an icon; hidden while it is empty."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._sign = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        self.setVisible(False)

    @property
    def text(self) -> str:
        """The text."""
        return self._text.text()

    def say(self, text: str, level: str = "info") -> None:
        """Show a text as info, warning, error or success; an empty one hides the note."""
        icon = ICONS[level]
        side = self.fontMetrics().height()
        if icon:
            self._sign.setPixmap(QgsApplication.getThemeIcon(icon).pixmap(side, side))
        self._sign.setVisible(bool(icon))
        self._text.setText(text)
        self.setVisible(bool(text))


def as_tooltip(text: str) -> str:
    """A tooltip that shows a text as it is. Qt takes text with tags for HTML, and loads the files that it names."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if "<" in text else text


def text_colour(widget: QWidget) -> QColor:
    """The text colour for a widget that paints itself: themes set it for labels only."""
    label = QLabel(widget)
    label.ensurePolished()
    colour = label.palette().color(label.foregroundRole())
    label.deleteLater()
    return colour


MESSAGE_LEVELS = {
    "info": Qgis.MessageLevel.Info,
    "warning": Qgis.MessageLevel.Warning,
    "error": Qgis.MessageLevel.Critical,
    "success": Qgis.MessageLevel.Success,
}
