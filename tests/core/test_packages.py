"""The installation of packages: whole or not there, with pip's word where it fails."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from patchwork.processing_provider.packages import InstallationError, engine_folder, install, is_current


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A requirements file that asks for one tiny wheel, which lies beside it."""
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "SIZE = 1\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\n")
    file = tmp_path / "requirements.txt"
    file.write_text(f"{wheel.as_uri()}\n")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where to install: in a profile with a space and a letter beyond ASCII in its name."""
    return engine_folder(tmp_path / "profil ä")


def fake_python(tmp_path: Path, pip: str) -> str:
    """An interpreter that is this one, except that `-m pip` is the shell script `pip`, which knows its $target."""
    script = tmp_path / "fake python"
    script.write_text(
        f"""#!/bin/sh
if [ "$1" != -m ]; then exec '{sys.executable}' "$@"; fi
while [ "$1" != --target ]; do shift; done
target=$2
{pip}
"""
    )
    script.chmod(0o755)
    return str(script)


def ignore(line: str) -> None:
    """For tests that do not look at pip's lines."""


def test_an_installation_is_whole_current_and_told_line_by_line(requirements: Path, folder: Path) -> None:
    lines: list[str] = []
    assert not is_current(folder, requirements)
    install(sys.executable, requirements, folder, lines.append)
    assert (folder / "tiny.py").read_text() == "SIZE = 1\n"
    assert is_current(folder, requirements)
    assert is_current(folder, requirements, sys.executable)
    assert any("Successfully installed tiny-1.0" in line for line in lines)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_other_requirements_make_it_out_of_date_and_replace_it(requirements: Path, folder: Path) -> None:
    install(sys.executable, requirements, folder, ignore)
    (folder / "stale.py").touch()
    requirements.write_text(requirements.read_text() + "# more\n")
    assert not is_current(folder, requirements)
    install(sys.executable, requirements, folder, ignore)
    assert is_current(folder, requirements)
    assert not (folder / "stale.py").exists()


def test_another_version_of_python_makes_it_out_of_date(requirements: Path, folder: Path, tmp_path: Path) -> None:
    install(sys.executable, requirements, folder, ignore)
    other = tmp_path / "other python"
    other.write_text("#!/bin/sh\necho cpython-399\n")
    other.chmod(0o755)
    assert is_current(folder, requirements)
    assert not is_current(folder, requirements, str(other))


def test_a_failure_leaves_what_was_there_and_says_what_to_do(requirements: Path, folder: Path, tmp_path: Path) -> None:
    install(sys.executable, requirements, folder, ignore)
    python = fake_python(tmp_path, 'touch "$target/half.py"; echo "OSError: No space left on device"; exit 1')
    with pytest.raises(InstallationError, match=r"(?s)free about 2 GB.*No space left on device"):
        install(python, requirements, folder, ignore)
    assert is_current(folder, requirements)
    assert not (folder / "half.py").exists()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_failed_first_installation_leaves_nothing(requirements: Path, folder: Path, tmp_path: Path) -> None:
    python = fake_python(tmp_path, 'touch "$target/half.py"; echo "something else"; exit 1')
    with pytest.raises(InstallationError, match="something else"):
        install(python, requirements, folder, ignore)
    assert list(folder.parent.iterdir()) == []


def test_an_exception_from_the_listener_ends_pip_and_is_passed_on(
    requirements: Path, folder: Path, tmp_path: Path
) -> None:
    class CancelledError(Exception):
        pass

    def cancel(line: str) -> None:
        raise CancelledError(line)

    # the fake pip, and a child of it that holds its output open, would take a minute
    python = fake_python(tmp_path, f'touch "$target/half.py"; echo begun; sleep 60; touch "{tmp_path}/ended"')
    with pytest.raises(CancelledError, match="begun"):
        install(python, requirements, folder, cancel)
    assert list(folder.parent.iterdir()) == []
    assert not (tmp_path / "ended").exists()


def test_what_a_killed_installation_left_is_cleared_away(requirements: Path, folder: Path) -> None:
    beside = folder.with_name(f"{folder.name}.part")
    (beside / "packages").mkdir(parents=True)
    (beside / "packages" / "half.py").touch()
    install(sys.executable, requirements, folder, ignore)
    assert not (folder / "half.py").exists()
    assert not beside.exists()


def test_a_missing_interpreter_is_an_installation_error(requirements: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InstallationError, match="nowhere"):
        install(str(tmp_path / "nowhere"), requirements, folder, ignore)
    assert list(folder.parent.iterdir()) == []
