"""The real QGIS window, driven with real mouse and key events: real imagery and polygons."""

from __future__ import annotations

import json
import re
from pathlib import Path


def test_a_drawn_area_and_a_styled_shapefile_come_to_a_map_in_its_colours(play, places, engine_python):
    told = play("flanders_story", **places)
    assert "used for training but not tested" in told["reference"]
    assert told["rows"] == 5
    assert told["colours"]["1200"] == "#ffcc00"
    assert re.fullmatch(r"\d{8}T\d{6}", told["skipped"])
    assert told["armed"] == [True, "Drag a rectangle on the map; Esc stops."]
    assert told["other_tool"][0] is False
    assert "Drag" not in told["other_tool"][1]
    assert told["put_away"] == [False, True]
    area, imagery, reference, method, results, quality = told["summaries"]
    assert re.fullmatch(r"\d+ patches, 0\.\d\d km² ✓", area)
    assert imagery == f"Folder of GeoTIFFs, {told['scenes'] - 1} scenes"
    assert re.fullmatch(r"fields, 5 classes, \d warnings?", reference)
    assert method == "Extra trees, Automatic"
    assert (results, quality) == ("no map yet", "no map yet")
    assert told["open"] == [False, False, True, False, False, False]
    assert re.fullmatch(r"The map is finished, with \d+ warnings?\.", told["note"])
    assert told["classes"]["9120"] == "#33aa33"
    assert set(told["classes"].items()) <= set(told["colours"].items())
    assert told["valid"] > 3
    assert told["white"]
    number, skipped = told["by_keys"]
    assert number == 4
    assert set(skipped.split(",")) > {told["skipped"]}
    assert told["why"] == "the disk was full"
    assert told["saves"] == [False, False]
    catalogue = json.loads((Path(told["workspace"]) / "scenes.json").read_text(encoding="utf-8"))
    times = [item["time"] for item in catalogue["acquisitions"]]
    assert len(times) == told["scenes"] - 1
    assert told["skipped"] not in times
