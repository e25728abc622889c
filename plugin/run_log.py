"""The messages of a run, in a box that opens and folds."""

from __future__ import annotations

from qgis.gui import QgsCollapsibleGroupBoxBasic
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QPlainTextEdit, QVBoxLayout

from ..processing_provider.translation import tr
from .words import in_words

MOST_LINES = 1000
TOGETHER_MS = 200  # lines are shown together this often, so that a flood of them does not hold the window


class RunLog(QgsCollapsibleGroupBoxBasic):
    """Follows its end, unless the reader has scrolled up; hidden while it is empty."""

    def __init__(self) -> None:
        super().__init__(tr("Messages"))
        self.warnings = 0
        self._lines: list[str] = []
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(MOST_LINES)
        self.text.setFixedHeight(110)
        QVBoxLayout(self).addWidget(self.text)
        self._timer = QTimer(self)
        self._timer.setInterval(TOGETHER_MS)
        self._timer.timeout.connect(self._show)
        self.forget()

    def forget(self) -> None:
        """Forget all lines."""
        self._timer.stop()
        self._lines, self.warnings = [], 0
        self.text.clear()
        self.setCollapsed(True)
        self.setVisible(False)

    def start(self) -> None:
        """Begin with the lines of a new run."""
        self.forget()
        self._timer.start()

    def add(self, line: str, level: str = "info") -> None:
        """Add a line; it is shown soon."""
        self.warnings += level == "warning"
        self._lines.append({"warning": tr("Warning: "), "error": tr("Error: ")}.get(level, "") + in_words(line))
        del self._lines[:-MOST_LINES]

    def finish(self) -> None:
        """Show the last lines of a run."""
        self._timer.stop()
        self._show()

    def _show(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self.text.appendPlainText("\n".join(lines))
            self.setVisible(True)
