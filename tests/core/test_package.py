"""The zip for plugins.qgis.org: what is in it, and that what the site refuses is found."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import package  # noqa: E402

ENTRIES = {
    "patchwork/__init__.py": (ROOT / "__init__.py").read_bytes(),
    "patchwork/metadata.txt": (ROOT / "metadata.txt").read_bytes(),
    "patchwork/LICENSE": b"GPL",
    "patchwork/resources/icon.svg": b"<svg/>",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the plugin is made of, with what lies about in a checkout."""
    copy = tmp_path / "check out"
    for name in package.PARTS:
        copy.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for folder in package.FOLDERS:
        shutil.copytree(ROOT / folder, copy / folder)
    (copy / "core" / ".editor.swp").touch()
    (copy / "tests").mkdir()
    (copy / "tests" / "test_x.py").touch()
    return copy


def zipped(folder: Path, entries: dict[str, bytes], mode: int = 0o644) -> Path:
    file = folder / "package.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return file


def with_metadata(name: str, value: str | None) -> dict[str, bytes]:
    """The entries with another value of a field that takes one line, or without it."""
    lines = ENTRIES["patchwork/metadata.txt"].decode().splitlines()
    assert any(line.startswith(f"{name}=") for line in lines)
    kept = [line for line in lines if not line.startswith(f"{name}=")]
    added = [] if value is None else [f"{name}={value}"]
    return {**ENTRIES, "patchwork/metadata.txt": "\n".join([kept[0], *added, *kept[1:]]).encode()}


def test_the_same_files_give_the_same_bytes(checkout: Path, tmp_path: Path) -> None:
    first = package.build(checkout, tmp_path / "first").read_bytes()
    for path in checkout.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (checkout / "metadata.txt").chmod(0o755)
    assert package.build(checkout, tmp_path / "second").read_bytes() == first


def test_the_plugin_is_in_it_and_nothing_else(checkout: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package.build(checkout, tmp_path)) as archive:
        names = archive.namelist()
    modules = [
        path.relative_to(ROOT)
        for top in ("core", "plugin", "processing_provider")
        for path in (ROOT / top).rglob("*.py")
    ]
    assert {f"patchwork/{path.as_posix()}" for path in modules} <= set(names)
    named = ("requirements.txt", "LICENSE", "resources/icon.svg", "resources/help/operations.html")
    assert {f"patchwork/{name}" for name in named} <= set(names)
    tops = {name.split("/")[1] for name in names}
    assert tops == {*package.PARTS, *package.FOLDERS}
    assert not [name for name in names if "__pycache__" in name or "/." in name]


def test_the_files_of_the_checkout_tell_one_version(checkout: Path) -> None:
    assert package.wrong_versions(ROOT) == []
    for name in ("pyproject.toml", "CITATION.cff"):
        shutil.copy(ROOT / name, checkout / name)
    assert package.wrong_versions(checkout) == []
    text = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    (checkout / "pyproject.toml").write_text(text.replace('\nversion = "', '\nversion = "9.'), encoding="utf-8")
    (complaint,) = package.wrong_versions(checkout)
    assert "in pyproject.toml" in complaint


def test_a_good_package_gives_no_complaint(tmp_path: Path) -> None:
    assert package.check(zipped(tmp_path, ENTRIES)) == []


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({name: content for name, content in ENTRIES.items() if "LICENSE" not in name}, "LICENSE is missing"),
        ({**ENTRIES, "other/file.py": b""}, "outside the folder patchwork"),
        ({**ENTRIES, "patchwork/__pycache__/a.py": b""}, "no such name"),
        ({**ENTRIES, "patchwork/.git/config": b""}, "no such name"),
        ({**ENTRIES, "patchwork/library.so": b"\x7fELF\xff"}, "library.so is binary"),
        ({**ENTRIES, "patchwork/long.txt": b" " * 2_000_001}, "bytes"),
        (with_metadata("tags", None), "has no tags"),
        (with_metadata("tracker", "http://bugs"), "tracker is no https address"),
        (with_metadata("experimental", "maybe"), "experimental is neither"),
        (with_metadata("hasProcessingProvider", "no"), "hasProcessingProvider is not yes"),
        (with_metadata("author", "me/you"), "slash"),
        (with_metadata("version", "one"), "version is no version"),
        (with_metadata("icon", "nowhere.svg"), "no icon 'nowhere.svg'"),
        (with_metadata("description", "100 % sure"), "cannot be read"),
        ({**ENTRIES, "patchwork/bad.py": b"eval(input())\n"}, "bandit: patchwork/bad.py:1 B307"),
        ({**ENTRIES, "patchwork/bad.py": b"import subprocess\n"}, "bandit: patchwork/bad.py:1 B404"),
        ({**ENTRIES, "patchwork/broken.py": b"def\n"}, "bandit could not read"),
        (
            {**ENTRIES, "patchwork/bad.py": b"pass" + b'word = "Zq8x' + b'2Lm4Pw9"\n'},
            "detect-secrets: patchwork/bad.py:1 Secret Keyword",
        ),
    ],
)
def test_what_the_site_refuses_is_found(tmp_path: Path, entries: dict[str, bytes], complaint: str) -> None:
    complaints = package.check(zipped(tmp_path, entries))
    assert any(complaint in found for found in complaints), complaints


def test_an_executable_file_is_found(tmp_path: Path) -> None:
    assert "executable" in package.check(zipped(tmp_path, ENTRIES, mode=0o755))[0]
