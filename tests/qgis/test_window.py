"""The real QGIS window, driven with real mouse and key events: each story is a script that tells what it saw."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORIES = Path(__file__).parent / "window"
SECONDS = 600
LONGEST_HOLD = (
    1.0  # seconds: far below a window that stands still, far above what a busy machine adds to the 0.1 s meant
)
SETTINGS = """[PythonPlugins]
patchwork=true

[qgis]
checkVersion=false

[app]
firstRunVersionFlag=99999

[patchwork]
workspace_folder={workspaces}
"""


@pytest.fixture
def play(engine_python, tmp_path):
    """`play(story, **environment)` runs a story in a fresh profile and returns what it told."""
    program = next((path for path in ("/usr/bin/qgis.bin", "/usr/bin/qgis") if os.path.exists(path)), None)
    if program is None or shutil.which("xvfb-run") is None:
        pytest.skip("there is no QGIS window or no xvfb-run to show it on")

    def run(story, *, has_plugin=True, **environment):
        profile = tmp_path / "home č" / ".local/share/QGIS/QGIS3/profiles/default"
        (profile / "python" / "plugins").mkdir(parents=True, exist_ok=True)
        (profile / "QGIS").mkdir(exist_ok=True)
        if has_plugin and not (profile / "python" / "plugins" / "patchwork").exists():
            (profile / "python" / "plugins" / "patchwork").symlink_to(ROOT)
        (profile / "QGIS" / "QGIS3.ini").write_text(
            SETTINGS.format(workspaces=tmp_path / "workspaces č"), encoding="utf-8"
        )
        out = Path(os.environ.get("PATCHWORK_PICTURES", tmp_path / "out")) / story
        out.mkdir(parents=True, exist_ok=True)
        left_out = ("PYTHONPATH", "QT_QPA_PLATFORM", "QGIS_CUSTOM_CONFIG_PATH")
        told = {
            **{name: value for name, value in os.environ.items() if name not in left_out},
            "HOME": str(tmp_path / "home č"),
            "PATH": f"/usr/bin:{os.environ['PATH']}",
            "PATCHWORK_PYTHON": engine_python,
            "PATCHWORK_WINDOW_OUT": str(out),
            "PYTHONPATH": str(STORIES),
            **environment,
        }
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1400x1000x24"]
        command = [*screen, program, "--noversioncheck", "--nologo", "--code", str(STORIES / f"{story}.py")]
        done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=SECONDS, check=False)
        file = out / "told.json"
        assert file.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
        found = json.loads(file.read_text(encoding="utf-8"))
        assert "error" not in found, found["error"]
        return found

    return run


@pytest.fixture
def places(flanders, tmp_path):
    """Some of the real imagery, and the polygons with it."""
    imagery = tmp_path / "imagery"
    imagery.mkdir()
    for file in sorted(flanders.glob("*.tif"))[::6]:
        os.symlink(file, imagery / file.name)
    return {"PATCHWORK_FLANDERS": str(flanders), "PATCHWORK_IMAGERY": str(imagery)}


def test_from_an_empty_project_to_a_map_of_the_sample_region(play):
    told = play("sample_story")
    assert told["clicks"] == 3
    assert told["patches"] >= 4
    assert re.match(r"\d+ patches, 24 km². A year takes about", told["planned"])
    assert set(told["seen"]) >= {"waiting", "running", "done"}
    assert told["note"] == "The map is made."
    assert told["held"] < LONGEST_HOLD
    assert told["held_by_layers"] < LONGEST_HOLD
    assert told["group"] == "Patchwork – sample-region"
    assert told["layers"][:4] == ["Patches", "Land-cover map", "Confidence", "Valid observations"]
    assert told["layers"][-2:] == ["Reference", "Scenes"]
    assert (told["scenes"], told["temporal"]) == (22, True)
    assert {"forest", "water"} <= {name.lower() for name in told["classes"]}
    assert len(told["looks"]) > 10
    assert set(told["looks"]) == {True, False}
    assert told["class"] in told["classes"]
    assert told["curve"] > 10
    assert told["report"]
    assert {"map.tif", "map.qml", "report.html"} <= set(told["files"])


def test_from_a_zip_to_a_map(play, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import package

    zip_file = package.build(ROOT, tmp_path)
    told = play("install_story", has_plugin=False, PATCHWORK_ZIP=str(zip_file), PATCHWORK_PYTHON="")
    assert "not installed yet" in told["missing"]
    assert "cancelled" in told["cancelled"]
    assert told["left"] == []
    assert told["installed"]
    assert told["note"] == "The map is made."


def test_a_drawn_area_and_a_styled_shapefile_come_to_a_map_in_its_colours(play, places, engine_python):
    told = play("flanders_story", **places)
    assert "learnt but cannot be tested" in told["reference"]
    assert told["rows"] == 5
    assert told["colours"]["1200"] == "#ffcc00"
    assert re.fullmatch(r"\d{8}T\d{6}", told["skipped"])
    assert told["note"] == "The map is made."
    assert told["held"] < LONGEST_HOLD
    assert told["classes"]["9120"] == "#33aa33"
    assert set(told["classes"].items()) <= set(told["colours"].items())
    assert told["valid"] > 3
    assert told["white"]
    number, skipped = told["by_keys"]
    assert number == 4
    assert set(skipped.split(",")) > {told["skipped"]}
    assert told["why"] == "the disk was full"
    catalogue = json.loads((Path(told["workspace"]) / "scenes.json").read_text(encoding="utf-8"))
    times = [item["time"] for item in catalogue["acquisitions"]]
    assert len(times) == told["scenes"] - 1
    assert told["skipped"] not in times


def test_a_killed_qgis_leaves_no_process_and_the_dock_goes_on_where_it_was(play, places, tmp_path):
    marker = str(tmp_path / "project č.qgz")
    before = play("killed_story", **places, PATCHWORK_PROJECT=marker)
    assert before["running"]
    end = time.monotonic() + 20
    while _processes_that_know(marker):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert not list(Path(before["workspace"]).rglob("map.tif"))
    after = play("killed_story", **places, PATCHWORK_PROJECT=marker)
    assert after["button"] == "Continue the map"
    assert after["workspace"] == before["workspace"]
    assert after["note"] == "The map is made."


def _processes_that_know(marker):
    """The processes that have a word in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if marker.encode() in (process / "environ").read_bytes() and state != "Z":
                found.append(process.name)
        except OSError:
            continue
    return found


def test_rough_hands(play, places):
    told = play("rough_story", **places)
    assert "no CRS" in told["no_crs"]
    assert "too small" in told["tiny"]
    assert "Draw a smaller area" in told["continent"]
    assert "TB on disk" in told["large_patches"]
    assert re.search(r"The area has [\d,]+ km². .*Go on\?", told["question"])
    assert told["left"] == []
    assert "Cancelled. What is done is kept" in told["cancelled"]
    assert told["button"] == "Continue the map"
    assert told["whole"] == "The map is made."
    assert told["lines"] <= 1000
    assert told["left_alone"] == "The map is made."
    assert told["same"] == [True, True, True]
    assert "is held by another run" in told["held"]
    assert told["after_closing"] == ["The map is made.", 0]
    assert "moved or deleted" in told["gone"]
    assert "/no/such/python does not exist" in told["broken"]
    assert told["unloaded"]
    assert told["reloaded"] == [True, "sample"]
