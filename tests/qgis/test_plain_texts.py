"""Names and errors are shown as they are: Qt takes text with tags for HTML, and loads the files that it names."""

from __future__ import annotations

import subprocess
import sys

# Widgets need an application with windows, of which a process has one for ever: hence a process of its own.
SHOWN = """
from qgis.core import QgsApplication
application = QgsApplication([], True)
application.initQgis()
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QTextDocument
from qgis.PyQt.QtWidgets import QLabel
from patchwork.plugin import class_choices, class_table, section

NAME = "<img src=http://127.0.0.1:9/x onerror='alert(1)'> <b>&amp;\\n  water</b>"

def is_plain(tooltip, text):
    document = QTextDocument()
    document.setHtml(tooltip)
    return document.toPlainText().replace("\\u2028", "\\n") == text and "<img" not in tooltip

table = class_table.ClassTable()
entry = {"id": 1, "name": NAME, "colour": "#00ff00", "polygons": 3, "hectares": None}
table.show_classes([entry], class_choices.ClassChoices({}, {}, {}, ()))
assert table.item(0, class_table.NAME).text() == NAME
assert is_plain(table.item(0, class_table.NAME).toolTip(), NAME)
assert is_plain(table.cellWidget(0, class_table.COLOUR).toolTip(), "Colour of " + NAME)
assert section.as_tooltip("a & b") == "a & b"
from patchwork.plugin.options import _note
assert _note(NAME).textFormat() == Qt.TextFormat.PlainText
print("fine", flush=True)
import os
os._exit(0)
"""


def test_names_are_shown_as_they_are(qgis):
    done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip().endswith("fine"), done.stderr
