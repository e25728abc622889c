"""The sections of the dock: one line when folded, nothing wider than the dock."""

from __future__ import annotations


def test_a_folded_section_says_what_is_chosen_and_cuts_what_has_no_room(qgis):
    from patchwork.plugin.section import Section

    section = Section("Area")
    assert not section.is_open
    text = "a very long summary " * 20
    section.summary.say(text)
    section.resize(300, 100)
    section.show()
    assert section.minimumSizeHint().width() < 300
    assert section.summary.text().endswith("…")
    assert section.summary.fontMetrics().horizontalAdvance(section.summary.text()) <= section.summary.width()
    assert section.summary.text_whole == text
    opened = []
    section.opened.connect(lambda: opened.append(True))
    section.summary.clicked.emit()
    assert (section.is_open, section.summary.isVisible(), opened) == (True, False, [True])
    section.header.click()
    assert (section.is_open, section.summary.isVisible(), opened) == (False, True, [True])
    section.close()
