"""What a pip-installed Patchwork holds: every package of the tree, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_pyproject_lists_every_package() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^packages = \[(.*?)^\]", text, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    listed = set(re.findall(r'"([\w.]+)"', block.group(1)))
    folders = [path.parent for top in ("core", "plugin", "processing_provider") for path in (ROOT / top).rglob("*.py")]
    found = {".".join(("patchwork", *folder.relative_to(ROOT).parts)) for folder in folders} | {"patchwork"}
    assert listed == {name for name in found if not name.startswith("patchwork.core.launcher")}


def test_every_package_has_an_init_file() -> None:
    for top in ("core", "plugin", "processing_provider"):
        for folder in {path.parent for path in (ROOT / top).rglob("*.py")} - {ROOT / "core" / "launcher"}:
            assert (folder / "__init__.py").exists(), folder
