"""The real QGIS window, driven with real mouse and key events: each story is a script that tells what it saw."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORIES = Path(__file__).parent / "window"
SECONDS = 400
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

    def run(story, **environment):
        profile = tmp_path / "home" / ".local/share/QGIS/QGIS3/profiles/default"
        (profile / "python" / "plugins").mkdir(parents=True)
        (profile / "QGIS").mkdir()
        (profile / "python" / "plugins" / "patchwork").symlink_to(ROOT)
        (profile / "QGIS" / "QGIS3.ini").write_text(
            SETTINGS.format(workspaces=tmp_path / "workspaces č"), encoding="utf-8"
        )
        out = Path(os.environ.get("PATCHWORK_PICTURES", tmp_path / "out")) / story
        out.mkdir(parents=True, exist_ok=True)
        left_out = ("PYTHONPATH", "QT_QPA_PLATFORM", "QGIS_CUSTOM_CONFIG_PATH")
        told = {
            **{name: value for name, value in os.environ.items() if name not in left_out},
            "HOME": str(tmp_path / "home"),
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


def test_from_an_empty_project_to_a_map_of_the_sample_region(play):
    told = play("sample_story")
    assert told["clicks"] == 3
    assert told["patches"] >= 4
    assert told["states"] == {"done"}
    assert told["layers"][:2] == ["Patches", "Land-cover map"]
