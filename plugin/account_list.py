"""QGIS's list of accounts, with the one that is used: QGIS itself lists one account of each name."""

from __future__ import annotations

from collections import Counter

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSignalBlocker
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ..processing_provider.accounts import METHOD
from ..processing_provider.translation import tr

NONE = 0  # the place of "No authentication"


def show_accounts(widget: QWidget, used: str, default: str = "") -> None:
    """List all accounts in QGIS's field of accounts and show the one with the id `used`, or that `default` is used."""
    known = QgsApplication.authManager().availableAuthMethodConfigs()
    names = {id_: config.name() for id_, config in known.items() if config.method() == METHOD}
    names.update({id_: id_ for id_ in (used,) if id_ and id_ not in names})  # of another profile or method
    often = Counter(names.values())
    labels = {id_: name if often[name] == 1 else f"{name} ({id_})" for id_, name in names.items()}
    combo = widget.findChild(QComboBox)
    none, empty = combo.property("none") or combo.itemText(NONE), combo.itemData(NONE)
    combo.setProperty("none", none)
    first = tr("{} (set in the options)").format(labels.get(default, default)) if default else none
    others = sorted((label.lower(), label, id_) for id_, label in labels.items())
    wanted = [(first, empty), *((label, id_) for _, label, id_ in others)]
    blocker = QSignalBlocker(combo)
    if wanted != [(combo.itemText(number), combo.itemData(number)) for number in range(combo.count())]:
        combo.clear()
        for label, id_ in wanted:
            combo.addItem(label, id_)
    combo.setCurrentIndex(max(combo.findData(used), NONE) if used else NONE)
    blocker.unblock()
