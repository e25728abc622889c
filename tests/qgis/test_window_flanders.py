"""The real QGIS window, driven with real mouse and key events: real imagery and polygons."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest


def test_a_drawn_area_and_a_styled_shapefile_come_to_a_map_in_its_colours(play, places, engine_python):
    told = play("flanders_story", **places)
    assert "used for training but not tested" in told["reference"]
    assert told["source"] == f"STAC catalogue, {datetime.now().year - 1}"
    assert told["proposed"] == [True, "crop"]
    assert told["rows"] == 5
    assert told["colours"]["1200"] == "#ffcc00"
    assert re.fullmatch(r"\d{8}T\d{6}", told["skipped"])
    assert told["armed"] == [True, "Drag a rectangle on the map; Esc stops."]
    assert told["other_tool"][0] is False
    assert "Drag" not in told["other_tool"][1]
    assert told["put_away"] == [False, True]
    area, imagery, reference, method, results, quality, maps = told["summaries"]
    assert re.fullmatch(r"\d+ patches, 0\.\d\d km² ✓", area)
    assert imagery == f"Folder of GeoTIFFs, {told['scenes'] - 1} scenes"
    assert re.fullmatch(r"fields, 5 classes, \d warnings?", reference)
    assert method == "Extra trees, Automatic"
    assert (results, quality, maps) == ("no map yet", "no map yet", "0 maps")
    assert told["open"] == [False, False, True, False, False, False, False]
    assert re.fullmatch(r"The map is finished, with \d+ warnings?\.", told["note"])
    assert told["expanded"]
    assert told["classes"]["9120"] == "#33aa33"
    assert set(told["classes"].items()) <= set(told["colours"].items())
    assert re.fullmatch(r"50\d{4}, 562\d{4} \(EPSG:32631\)", told["where"])
    assert told["marked"]
    assert re.fullmatch(r"2017-08-04 10:53, NDVI -?0\.\d+, (valid|cloudy)", told["hovered"])
    assert told["nothing"] == ""
    assert told["valid"] > 3
    text, probabilities = told["probable"]
    assert re.fullmatch(r'<span style="color:#\w{6}">■</span> .+ \d+%.*', text)
    assert sum(probability for _, _, probability in probabilities) == pytest.approx(1.0, abs=0.001)
    assert {colour for _, colour, _ in probabilities} <= set(told["colours"].values())
    assert told["beside"] == [1, "NDVI", True, "NDWI", [], False]
    assert told["white"]
    number, skipped = told["by_keys"]
    assert number == 4
    assert set(skipped.split(",")) > {told["skipped"]}
    assert told["why"] == "the disk was full"
    assert told["saves"] == [False, False]
    ((name, made, accuracy),) = told["maps"]
    assert (name, made[:3]) == (Path(told["workspace"]).name, "202")
    assert re.fullmatch(r"accuracy \d+% \(\d+% – \d+%\)", accuracy)
    assert told["as_before"]
    assert told["named"] == "1200=maize"
    assert "maize" in told["legend"]
    assert told["opened"] == [told["workspace"], True, True]
    assert told["group"] == ["Patches", "Land-cover map"]
    assert told["accuracy"].startswith("Accuracy ")
    assert told["elsewhere"] == [f"{told['workspace']}/model.skops", None, None, "stac"]
    assert told["no_reference"] == "none, the model model.skops"
    assert told["as_new"] == [True, None]
    assert told["question"].startswith(f"Move {told['workspace']} and all that is in it (")
    assert told["deleted"] == [f"{name} is in the trash.", 0, 0]
    times = told["times"]
    assert len(times) == told["scenes"] - 1
    assert told["skipped"] not in times
