"""Start the real QGIS window on a virtual screen, in a profile of its own, and let it play a story."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STORIES = Path(__file__).parent
PROGRAM = next((path for path in ("/usr/bin/qgis.bin", "/usr/bin/qgis") if os.path.exists(path)), None)
CAN_PLAY = PROGRAM is not None and shutil.which("xvfb-run") is not None
SECONDS = 600
SETTINGS = """[PythonPlugins]
patchwork=true

[qgis]
checkVersion=false

[app]
firstRunVersionFlag=99999

[UI]
UITheme={theme}

[patchwork]
workspace_folder={workspaces}
"""


def play_story(place: Path, engine_python: str, story: str, *, has_plugin: bool = True, **environment: str) -> dict:
    """Play a story in a profile below `place` and return what it reports; AssertionError with its traceback."""
    profile = place / "home č" / ".local/share/QGIS/QGIS3/profiles/default"
    (profile / "python" / "plugins").mkdir(parents=True, exist_ok=True)
    (profile / "QGIS").mkdir(exist_ok=True)
    if has_plugin and not (profile / "python" / "plugins" / "patchwork").exists():
        (profile / "python" / "plugins" / "patchwork").symlink_to(ROOT)
    (profile / "QGIS" / "QGIS3.ini").write_text(
        SETTINGS.format(workspaces=place / "workspaces \\x10d", theme=environment.get("PATCHWORK_THEME", "default")),
        encoding="ascii",  # a č, as Qt writes it
    )
    out = Path(os.environ.get("PATCHWORK_PICTURES", place / "out")) / story
    out.mkdir(parents=True, exist_ok=True)
    dropped = ("PYTHONPATH", "QT_QPA_PLATFORM", "QGIS_CUSTOM_CONFIG_PATH")
    variables = {
        **{name: value for name, value in os.environ.items() if name not in dropped},
        "HOME": str(place / "home č"),
        "PATH": f"/usr/bin:{os.environ['PATH']}",
        "PATCHWORK_PYTHON": engine_python,
        "PATCHWORK_WINDOW_OUT": str(out),
        "PYTHONPATH": str(STORIES),
        **environment,
    }
    screen = ["xvfb-run", "-a", "-s", f"-screen 0 {environment.get('PATCHWORK_SCREEN', '1400x1000')}x24"]
    command = [*screen, PROGRAM, "--noversioncheck", "--nologo", "--code", str(STORIES / f"{story}.py")]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=SECONDS, check=False)
    file = out / "told.json"
    assert file.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    told = json.loads(file.read_text(encoding="utf-8"))
    assert "error" not in told, told["error"]
    return told
