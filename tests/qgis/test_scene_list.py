"""Acquisitions that are left out together."""

from __future__ import annotations

from datetime import datetime

import pytest


@pytest.fixture
def scenes(qgis):
    from patchwork.plugin.scene_strip import Scene

    told = [
        ((5, 1), 5.0, 40.0),
        ((5, 9), 20.0, 100.0),
        ((5, 30), 60.0, 100.0),
        ((6, 3), None, None),
        ((7, 1), 90.0, 9.0),
    ]
    return [Scene(datetime(2019, *day, 10), cloud, coverage) for day, cloud, coverage in told]


def names(scenes, *numbers):
    return {scenes[number].name for number in numbers}


def test_cloudy_ones(scenes):
    from patchwork.plugin.scene_list import cloudier_than

    assert cloudier_than(scenes, 20) == names(scenes, 2, 4)
    assert cloudier_than(scenes, 95) == frozenset()


def test_the_clearest_of_a_month_shows_most_of_the_area(scenes):
    from patchwork.plugin.scene_list import not_the_clearest_of_a_month

    assert not_the_clearest_of_a_month(scenes) == names(scenes, 0, 2)
    assert not_the_clearest_of_a_month([]) == frozenset()


def test_the_table_sorts_and_chooses(scenes):
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import Qt

    from patchwork.plugin.scene_list import SceneList

    found, skipped = [], []
    shown = SceneList()
    shown.chosen.connect(found.append)
    shown.skipped.connect(skipped.append)
    shown.show_scenes(scenes, frozenset(names(scenes, 1)))
    assert [shown.table.item(row, 0).checkState() == Qt.CheckState.Checked for row in range(5)] == [
        True, False, True, True, True,
    ]  # fmt: skip
    shown.table.sortItems(1, Qt.SortOrder.DescendingOrder)
    assert [shown.table.number(row) for row in range(4)] == [4, 2, 1, 0]
    shown.table.setCurrentCell(1, 0)
    assert found == [2]
    shown.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert skipped == [names(scenes, 1, 4)]
    sip.delete(shown)  # a window that nobody closes takes QGIS with it
