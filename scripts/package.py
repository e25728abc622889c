"""Make the zip for plugins.qgis.org and check it as that site does: python3 scripts/package.py

Writes dist/patchwork-<version>.zip, the same bytes from the same files. The exit status is 0 where nothing is wrong.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as MalformedError
from pathlib import Path
from urllib.parse import urlparse

import machine
from machine import CHECKOUT, TOOLS, MachineError, say

NAME = "patchwork"
PARTS = ("__init__.py", "metadata.txt", "LICENSE", "CHANGELOG.md", "SECURITY.md", "requirements.txt")
FOLDERS = ("core", "plugin", "processing_provider", "resources")
TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold
MOST_BYTES = 2_000_000  # the site takes more; nobody should have to wait for it
REQUIRED = "name description version qgisMinimumVersion author email about tracker repository".split()
EXPECTED = [*REQUIRED, "homepage", "tags", "icon", "changelog", "license", "category", "hasProcessingProvider"]
LINKS = ("tracker", "repository", "homepage")
FLAGS = ("experimental", "deprecated", "server", "supportsQt6", "hasProcessingProvider")
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


def main() -> int:
    """Make and check; 1 where something is wrong."""
    package = build(CHECKOUT, CHECKOUT / "dist")
    say(f"{package.relative_to(CHECKOUT)} is made. Checking it as plugins.qgis.org does.")
    machine.install_packages(TOOLS)
    complaints = [*wrong_versions(CHECKOUT), *check(package)]
    for complaint in complaints:
        print(complaint)
    print(f"{package.relative_to(CHECKOUT)}: {package.stat().st_size / 1000:.0f} kB, {len(complaints)} complaints")
    return 1 if complaints else 0


def build(checkout: Path, folder: Path) -> Path:
    """Pack the plugin into `folder`; the same files give the same bytes."""
    version = _metadata((checkout / "metadata.txt").read_text(encoding="utf-8"))["version"]
    package = folder / f"{NAME}-{version}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(_files(checkout)):
            entry = zipfile.ZipInfo(f"{NAME}/{path.relative_to(checkout).as_posix()}", TIMESTAMP)
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return package


def check(package: Path) -> list[str]:
    """What is wrong with a package; empty where nothing is."""
    with zipfile.ZipFile(package) as archive, tempfile.TemporaryDirectory() as unpacked:
        archive.extractall(unpacked)
        return [
            *_wrong_files(package, archive),
            *_wrong_metadata(archive),
            *_found_by_bandit(Path(unpacked)),
            *_found_by_detect_secrets(Path(unpacked)),
        ]


def wrong_versions(checkout: Path) -> list[str]:
    """Where the files of a checkout tell different versions."""
    metadata = _metadata((checkout / "metadata.txt").read_text(encoding="utf-8"))
    found = {
        "metadata.txt": metadata["version"],
        "metadata.txt, changelog": metadata.get("changelog", "").split(":")[0].split("\n")[0].strip(),
        "pyproject.toml": _first(r'^version = "(.+)"', checkout / "pyproject.toml"),
        "CHANGELOG.md": _first(r"^## (\S+)", checkout / "CHANGELOG.md"),
        "CITATION.cff": _first(r"^version: (\S+)", checkout / "CITATION.cff"),
    }
    if len(set(found.values())) == 1:
        return []
    return ["The versions differ: " + ", ".join(f"{version!r} in {file}" for file, version in found.items())]


def _files(checkout: Path) -> Iterator[Path]:
    yield from (checkout / name for name in PARTS)
    for folder in FOLDERS:
        for path in (checkout / folder).rglob("*"):
            names = path.relative_to(checkout).parts
            if path.is_file() and not any(name.startswith(".") or name == "__pycache__" for name in names):
                yield path


def _first(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return found[1] if found else ""


def _metadata(text: str) -> dict[str, str]:
    """The fields, read as the site reads them."""
    parser = ConfigParser()
    parser.optionxform = str
    parser.read_string(text)
    return dict(parser.items("general"))


def _wrong_files(package: Path, archive: zipfile.ZipFile) -> Iterator[str]:
    if package.stat().st_size > MOST_BYTES:
        yield f"The package has {package.stat().st_size} bytes; {MOST_BYTES} are the most."
    names = archive.namelist()
    for name in ("__init__.py", "metadata.txt", "LICENSE"):
        if f"{NAME}/{name}" not in names:
            yield f"{name} is missing."
    for entry in archive.infolist():
        parts = entry.filename.split("/")
        if parts[0] != NAME:
            yield f"{entry.filename} lies outside the folder {NAME}."
        if ".." in entry.filename or any(part.startswith((".", "__MACOSX", "__pycache__")) for part in parts):
            yield f"{entry.filename}: the site takes no such name."
        if entry.external_attr >> 16 & 0o111:
            yield f"{entry.filename} is executable."
        try:
            archive.read(entry).decode("utf-8")
        except UnicodeDecodeError:
            yield f"{entry.filename} is binary."


def _wrong_metadata(archive: zipfile.ZipFile) -> Iterator[str]:
    try:
        metadata = _metadata(archive.read(f"{NAME}/metadata.txt").decode("utf-8"))
    except (KeyError, MalformedError) as error:
        yield f"metadata.txt cannot be read: {error}"
        return
    yield from (f"metadata.txt has no {name}." for name in EXPECTED if not metadata.get(name, "").strip())
    for name in LINKS:
        link = urlparse(metadata.get(name, ""))
        if link.scheme != "https" or not link.netloc:
            yield f"metadata.txt: {name} is no https address: {metadata.get(name)!r}."
    for name in FLAGS:
        if metadata.get(name, "False").lower() not in TRUE + FALSE:
            yield f"metadata.txt: {name} is neither True nor False: {metadata[name]!r}."
    if metadata.get("hasProcessingProvider", "").lower() not in TRUE:
        yield "metadata.txt: hasProcessingProvider is not yes."
    if "/" in metadata.get("author", ""):
        yield "metadata.txt: the author's name has a slash."
    for name in ("version", "qgisMinimumVersion", "qgisMaximumVersion"):
        if not re.fullmatch(r"\d+(\.\d+){1,2}", metadata.get(name, "")):
            yield f"metadata.txt: {name} is no version: {metadata.get(name)!r}."
    if f"{NAME}/{metadata.get('icon')}" not in archive.namelist():
        yield f"metadata.txt: there is no icon {metadata.get('icon')!r}."


def _found_by_bandit(folder: Path) -> Iterator[str]:
    report = _report(["bandit", "--recursive", str(folder), "--format", "json", "--quiet"], folder)
    yield from (f"bandit could not read {error['filename']}: {error['reason']}" for error in report["errors"])
    for found in report["results"]:
        file = Path(found["filename"]).relative_to(folder)
        yield f"bandit: {file}:{found['line_number']} {found['test_id']} {found['issue_text']}"


def _found_by_detect_secrets(folder: Path) -> Iterator[str]:
    report = _report(["detect_secrets", "scan", "--all-files", "--exclude-files", r"metadata\.txt", "."], folder)
    for file, secrets in report["results"].items():
        yield from (f"detect-secrets: {file}:{found['line_number']} {found['type']}" for found in secrets)


def _report(command: list[str], folder: Path) -> dict:
    """What a scanner writes as JSON; its exit status tells only whether it has found something."""
    environment = machine.environment(PYTHONPATH=TOOLS)
    done = subprocess.run(
        [machine.engine_python(), "-m", *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise MachineError(f"{command[2]} did not work:\n{done.stderr}") from None


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MachineError as error:
        sys.exit(f"\n{error}")
