"""The real QGIS window: a killed QGIS, rough hands."""

from __future__ import annotations

import re
import time
from pathlib import Path


def test_a_killed_qgis_leaves_no_process_and_the_dock_goes_on_where_it_was(play, places, tmp_path, processes_with):
    marker = str(tmp_path / "project č.qgz")
    before = play("killed_story", **places, PATCHWORK_PROJECT=marker)
    assert before["running"]
    end = time.monotonic() + 20
    while processes_with(marker):
        assert time.monotonic() < end, processes_with(marker)
        time.sleep(0.1)
    assert not list(Path(before["workspace"]).rglob("map.tif"))
    after = play("killed_story", **places, PATCHWORK_PROJECT=marker)
    assert after["button"] == "Continue the map"
    assert after["workspace"] == before["workspace"]
    assert after["field"] == "crop"
    assert str(after["layer"]).endswith("reference.shp")
    assert re.fullmatch(r"The map is finished, with \d+ warnings?\.", after["note"])


def test_rough_hands(play, places):
    told = play("rough_story", **places)
    assert "no CRS" in told["no_crs"]
    assert "too small" in told["tiny"]
    assert "Draw a smaller area" in told["continent"]
    assert "TB on disk" in told["large_patches"]
    assert re.search(r"The area is [\d,]+ km². .*Continue\?", told["question"])
    assert told["cancels"] >= 5
    assert told["left"] == []
    assert "Cancelled. Finished steps are kept" in told["cancelled"]
    assert told["button"] == "Continue the map"
    assert told["whole"] == "The map is finished."
    assert told["lines"] <= 1000
    assert told["left_alone"] == "The map is finished."
    assert told["same"] == [True, True, True]
    assert "is in use by another run" in told["held"]
    assert told["after_failure"] == ["Try again", ["planned"]]
    assert told["elsewhere"][:2] == ["", "Make the map"]
    assert "The next run makes it" in told["elsewhere"][2]
    assert told["after_closing"] == ["The map is finished.", 0]
    assert told["kept"] == {}
    assert told["kept_plot"] == ["Click on the map to plot the time series of a place.", False]
    assert told["other_plot"] == told["kept_plot"]
    assert told["task"] == ["", {}]
    assert "The next run makes it; if it was moved, choose it below." in told["gone"]
    assert "/no/such/python does not exist" in told["broken"]
    assert told["unloaded"]
    assert told["reloaded"] == [True, "sample"]
