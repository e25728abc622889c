"""A section of the dock: a line that says what is chosen, and below it, when it is open, a column of widgets."""

from __future__ import annotations

from html import escape
from typing import Any, Optional

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ..processing_provider.translation import tr
from .words import in_words

ICONS = {"warning": "/mIconWarning.svg", "error": "/mIconCritical.svg", "success": "/mIconSuccess.svg", "info": ""}


class Section(QWidget):
    """A line with title, summary and pin, and a column that opens and folds; `opened` is emitted when it opens."""

    opened = pyqtSignal()

    def __init__(self, title: str, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.header = QToolButton()
        self.header.setText(title)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setAutoRaise(True)
        self.header.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        font = self.header.font()
        font.setBold(True)
        self.header.setFont(font)
        self.header.clicked.connect(lambda _: self.set_open(not self.is_open))
        self.summary = _Summary()
        self.summary.clicked.connect(self.header.click)
        self.pin = QToolButton()
        self.pin.setIcon(QgsApplication.getThemeIcon("/mActionPinLabels.svg"))
        self.pin.setCheckable(True)
        self.pin.setAutoRaise(True)
        self.pin.setToolTip(tr("Keep {} open beside other sections").format(title))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.header)
        line.addWidget(self.summary, 1)
        line.addWidget(self.pin)
        rule = QFrame()
        rule.setFrameShape(QFrame.Shape.HLine)
        rule.setFrameShadow(QFrame.Shadow.Sunken)
        self.content = QWidget()
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(6, 2, 6, 6)
        self.column.setSpacing(5)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(1)
        outer.addLayout(line)
        outer.addWidget(self.content)
        outer.addWidget(rule)
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        """Whether the column is in sight."""
        return not self.content.isHidden()

    @property
    def is_pinned(self) -> bool:
        """Whether it stays open when another section opens."""
        return self.pin.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Open or fold it."""
        self.header.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.content.setVisible(is_open)
        self.summary.setVisible(not is_open)
        self.pin.setVisible(is_open)
        if is_open:
            self.opened.emit()


class _Summary(QLabel):
    """One line of text, cut where there is no room; the whole is its tooltip. `clicked` is emitted on a click."""

    clicked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.text_whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(1)

    def say(self, text: str) -> None:
        """Show a text."""
        self.text_whole = text
        self.setToolTip(as_tooltip(text))
        self._fit()

    def resizeEvent(self, event: Any) -> None:
        """Cut the text anew."""
        super().resizeEvent(event)
        self._fit()

    def mouseReleaseEvent(self, event: Any) -> None:
        """Emit a click."""
        self.clicked.emit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self.text_whole, Qt.TextElideMode.ElideRight, self.width()))


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
        self._text.setText(in_words(text))
        self.setVisible(bool(text))


def as_tooltip(text: str) -> str:
    """A tooltip that shows a text as it is. Qt takes text with tags for HTML, and loads the files that it names."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if "<" in text else text


def text_colour() -> QColor:
    """The text colour for a widget that paints itself: themes set it for labels only.

    The label has no parent: a new child would make the widget paint itself again, without end.
    """
    label = QLabel()
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
