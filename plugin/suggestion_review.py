"""Places where a further polygon would help the model most."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgisInterface
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSpinBox

from ..processing_provider.translation import tr
from .review import Review
from .session import Session

_NUMBER = 10


class SuggestionReview(Review):
    """Suggested places, each with its two most probable classes."""

    ALGORITHM, OUTPUT = "suggestsamples", "SUGGESTIONS"
    TITLE = tr("Suggested places")
    FIND = tr("Suggest places")
    NOTHING = tr("There is no place to suggest.")

    def __init__(self, session: Session, iface: QgisInterface) -> None:
        self.number = QSpinBox()
        self.number.setRange(1, 1000)
        self.number.setValue(_NUMBER)
        super().__init__(session, iface)
        row = QHBoxLayout()
        row.addWidget(QLabel(tr("Number of places")))
        row.addWidget(self.number, 1)
        self.column.insertLayout(0, row)
        hint = QLabel(tr("Draw a polygon of the right class here in your reference layer, then make the map again."))
        hint.setWordWrap(True)
        self.answers.addWidget(hint)

    def parameters(self) -> dict[str, Any]:
        """The workspace and how many places."""
        return {**super().parameters(), "NUMBER": self.number.value()}

    def words(self) -> str:
        """The two most probable classes."""
        feature = self.current
        return tr("{} ({:.0f} %) or {} ({:.0f} %)?").format(
            feature["first_name"],
            100 * feature["first_probability"],
            feature["second_name"],
            100 * feature["second_probability"],
        )

    def classes(self) -> str:
        """Both classes."""
        return f"{self.current['first_class']},{self.current['second_class']}"
