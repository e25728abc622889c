"""The real QGIS window, driven with real mouse and key events: from choices to a map."""

from __future__ import annotations

import json
import re
from pathlib import Path


def test_from_an_empty_project_to_a_map_of_the_sample_region(play):
    told = play("sample_story")
    assert told["clicks"] == 3
    assert told["patches"] >= 4
    assert re.match(r"\d+ patches, 24 km². A year takes about", told["planned"])
    assert set(told["seen"]) >= {"waiting", "running", "done"}
    assert told["note"] == "The map is finished."
    assert told["group"] == "Patchwork – sample-region"
    assert told["layers"][:4] == ["Patches", "Land-cover map", "Confidence", "Valid observations"]
    assert told["layers"][-2:] == ["Reference", "Scenes"]
    assert (told["scenes"], told["temporal"]) == (22, True)
    assert {"forest", "water"} <= {name.lower() for name in told["classes"]}
    assert len(told["observations"]) > 10
    assert set(told["observations"]) == {True, False}
    assert told["class"] in told["classes"]
    ((name, points),) = told["curves"]
    assert (name, points > 10) == (told["class"], True)
    assert told["report"]
    assert {"map.tif", "map.qml", "report.html"} <= set(told["files"])


def test_a_drawn_area_and_a_styled_shapefile_come_to_a_map_in_its_colours(play, places, engine_python):
    told = play("flanders_story", **places)
    assert "used for training but not tested" in told["reference"]
    assert told["rows"] == 5
    assert told["colours"]["1200"] == "#ffcc00"
    assert re.fullmatch(r"\d{8}T\d{6}", told["skipped"])
    assert told["note"] == "The map is finished."
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


def test_the_account_is_tested_and_costs_of_imagery_are_shown_before_the_download(play, hub, tmp_path):
    told = play("account_story", **{**hub, "HUB_URL": hub["url"]})
    assert re.match(r"Signed in, [\d ]+ processing units left", told["signed_in"])
    assert "does not accept the account" in told["wrong"]
    assert told["listed"][0] == "No Authentication"
    assert sorted(told["listed"][1:]) == ["Twin (R)", "Twin (W)"]
    assert told["shown"] == ["No Authentication", True, "Twin (R) (set in the options)", "othe123", True, True]
    assert told["chosen"]
    assert told["by_default"].startswith("Signed in")
    assert re.match(r"\d+ acquisitions, 1 processing unit, .* to download", told["costs"])
    assert told["quick_look"]
    known = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "qgis-auth.db"]
    assert any("AUTH" in path.read_text(encoding="utf-8", errors="ignore") for path in known if path.suffix == ".qgs")
    assert not [path for path in known if hub["SH_CLIENT_SECRET"].encode() in path.read_bytes()]
