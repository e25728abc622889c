"""The real QGIS window, driven with real mouse and key events: from choices to a map."""

from __future__ import annotations

import ast
import re
import shlex


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
    assert told["rows"] == 9
    assert told["choices"] == ['"1=fields, all"', "1=#123456", None, None]
    assert told["restyled"] == ["fields, all", "#123456"]
    process, python = told["commands"]
    words = shlex.split(process)
    assert words[1:4] == ["run", "patchwork:makemap", "--"]
    assert 'CLASS_NAMES="1=fields, all"' in words
    wanted = ast.literal_eval(python.removeprefix("processing.run('patchwork:makemap', ").removesuffix(")"))
    assert (wanted["SOURCE"], wanted["WORKSPACE"]) == ("sample", told["workspace"])
    del wanted["CLASS_NAMES"], wanted["CLASS_COLOURS"]  # chosen after the run
    assert told["history"] == f"processing.run('patchwork:makemap', {wanted!r})"
