"""The real QGIS window in a fresh profile: the zip, the engine, a map."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_from_a_zip_to_a_map(play, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import package

    zip_file = package.build(ROOT, tmp_path)
    # What this machine has downloaded for its own engine is not downloaded again.
    cache = os.path.join(os.environ.get("PATCHWORK_TEST_HOME", tmp_path), ".cache", "pip")
    told = play(
        "install_story", has_plugin=False, PATCHWORK_ZIP=str(zip_file), PATCHWORK_PYTHON="", PIP_CACHE_DIR=cache
    )
    assert "not installed yet" in told["missing"]
    assert "cancelled" in told["cancelled"]
    assert told["left"] == []
    assert told["installed"]
    assert told["note"].startswith("The map is finished")
