"""The engine's packages are installed from QGIS, completely or not at all; the check answers without them too."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_python(qgis, monkeypatch):
    """QGIS's own Python runs the engine, as if the user had set no interpreter."""
    monkeypatch.delenv("PATCHWORK_PYTHON", raising=False)


@pytest.fixture
def wheels(tmp_path) -> Path:
    """A folder with one tiny wheel to install."""
    folder = tmp_path / "räder für alle"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("tiny.py", "SIZE = 1\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\n")
    return folder


@pytest.fixture
def requirements(tmp_path, monkeypatch) -> Path:
    """The requirements file of the engine."""
    from patchwork.processing_provider import interpreter

    file = tmp_path / "requirements.txt"
    file.write_text("tiny==1.0\n")
    monkeypatch.setattr(interpreter, "REQUIREMENTS", file)
    return file


@pytest.fixture
def folder(qgis):
    """The folder of the packages; it does not exist before and after."""
    import shutil

    from patchwork.processing_provider import interpreter

    folder = interpreter.own_packages()
    shutil.rmtree(folder.parent, ignore_errors=True)
    yield folder
    shutil.rmtree(folder.parent, ignore_errors=True)


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """Replaces pip by a shell script, in which $target is its target folder."""
    from patchwork.processing_provider import interpreter

    def replace(script: str) -> None:
        python = tmp_path / "fake python"
        python.write_text(
            f"""#!/bin/sh
if [ "$1 $2" != "-m pip" ]; then exec '{sys.executable}' "$@"; fi
while [ "$1" != --target ]; do shift; done
target=$2
{script}
"""
        )
        python.chmod(0o755)
        monkeypatch.setattr(interpreter, "own_python", lambda: str(python))

    return replace


def failure(run, feedback, **parameters) -> str:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run("installengine", parameters, feedback)
    return str(caught.value)


def test_packages_come_from_wheels_without_a_network(run, feedback, wheels, requirements, folder):
    outputs = run("installengine", {"WHEELS": str(wheels)}, feedback)
    assert (folder / "tiny.py").read_text() == "SIZE = 1\n"
    assert outputs["FOLDER"] == str(folder)
    assert f"Interpreter: {os.path.realpath(sys.executable)}" in outputs["REPORT"].replace(
        sys.executable, os.path.realpath(sys.executable)
    )
    assert any("Successfully installed tiny-1.0" in line for line in feedback.infos)
    assert 0 < feedback.steps[0] < 100
    assert [path.name for path in folder.parent.iterdir()] == ["engine"]


def test_nothing_is_done_where_all_is_current(run, feedback, wheels, requirements, folder, pip):
    run("installengine", {"WHEELS": str(wheels)}, feedback)
    pip("echo pip was called >&2; exit 1")
    run("installengine", {}, feedback)
    assert any("up to date" in line for line in feedback.infos)


def test_an_update_of_the_plugin_is_noticed_and_installed(run, feedback, provider, wheels, requirements, folder):
    from patchwork.processing_provider import interpreter

    run("installengine", {"WHEELS": str(wheels)}, feedback)
    requirements.write_text("tiny==1.0  # which is still what is needed\n")
    assert interpreter.find_interpreter().is_out_of_date()
    checked = run("checkinstallation", {}, feedback)
    assert "patchwork:installengine" in checked["REPORT"]
    assert any("another version" in warning for warning in feedback.warnings)
    run("installengine", {"WHEELS": str(wheels)}, feedback)
    assert not interpreter.find_interpreter().is_out_of_date()
    assert "up to date" in run("checkinstallation", {}, feedback)["REPORT"]


def test_incomplete_wheels_are_an_error(run, feedback, wheels, requirements, folder):
    requirements.write_text("tiny==1.0\nthat-is-not-there==2.0\n")
    message = failure(run, feedback, WHEELS=str(wheels))
    assert str(wheels) in message
    assert "pip download" in message
    assert "that-is-not-there" in message
    assert list(folder.parent.iterdir()) == []


def test_a_missing_folder_of_wheels_is_an_error_before_a_run(run, feedback, tmp_path):
    assert "there is no folder" in failure(run, feedback, WHEELS=str(tmp_path / "nowhere"))


def test_a_failed_installation_keeps_what_was_there(run, feedback, wheels, requirements, folder, pip):
    run("installengine", {"WHEELS": str(wheels)}, feedback)
    requirements.write_text("tiny==1.0\n# newer\n")
    pip('touch "$target/half.py"; echo "OSError: [Errno 28] No space left on device"; exit 1')
    message = failure(run, feedback)
    assert "disk is full" in message
    assert sorted(path.name for path in folder.glob("*.py")) == ["tiny.py"]
    assert [path.name for path in folder.parent.iterdir()] == ["engine"]


@pytest.mark.parametrize("says", ["", "echo Collecting tiny; "])
def test_an_installation_is_cancelled_also_while_pip_is_silent(
    run, feedback, tmp_path, requirements, folder, pip, says
):
    """pip and its child processes end; without cancellation this would take a minute and fail."""
    begun = tmp_path / "begun"
    pip(f'{says}touch "$target/half.py"; sleep 60 & echo $! $$ > "{begun}"; sleep 60')

    def is_cancelled() -> bool:
        return begun.is_file() and len(begun.read_text().split()) == 2

    feedback.isCanceled = is_cancelled
    assert "FOLDER" not in run("installengine", {}, feedback)
    assert list(folder.parent.iterdir()) == []
    assert [pid for pid in begun.read_text().split() if is_running(pid)] == []


def is_running(pid: str) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_installations_at_a_time_are_one_too_many(run, feedback, requirements, folder, tmp_path):
    from patchwork.core.system import take_lock

    beside = folder.with_name("engine.part")
    beside.mkdir(parents=True)
    (beside / "theirs").touch()
    with open(beside / "lock", "a") as lock:
        assert take_lock(lock)
        assert "is running" in failure(run, feedback)
    assert (beside / "theirs").exists()


def test_the_worker_lets_go_of_packages_that_are_replaced(run, feedback, tmp_path, requirements, folder, pip):
    from patchwork.processing_provider.worker import WORKER

    children = []

    def is_cancelled() -> bool:
        children.append(WORKER._child)
        return len(children) > 1

    pip("sleep 60")
    WORKER.keep()
    while WORKER._child is None:
        pass
    feedback.isCanceled = is_cancelled
    run("installengine", {}, feedback)
    assert children == [None, None]
    while WORKER._child is None:
        pass
    WORKER.release()


def test_pip_gets_qgis_proxy_and_no_command_line_shows_it(run, feedback, tmp_path, monkeypatch, requirements, pip):
    from patchwork.processing_provider import proxies

    monkeypatch.setattr(proxies, "proxy_environment", lambda: {"HTTPS_PROXY": "http://me:hidden@proxy:3128"})
    pip(f'env > "{tmp_path}/environment"; echo "$@" > "{tmp_path}/arguments"; exit 1')
    message = failure(run, feedback)
    assert "HTTPS_PROXY=http://me:hidden@proxy:3128" in (tmp_path / "environment").read_text().splitlines()
    assert "hidden" not in (tmp_path / "arguments").read_text()
    assert "hidden" not in "\n".join([message, *feedback.infos, *feedback.warnings])


def test_nothing_is_installed_for_a_chosen_interpreter(provider, run, feedback, monkeypatch):
    monkeypatch.setenv("PATCHWORK_PYTHON", sys.executable)
    ok, message = provider.algorithm("installengine").canExecute()
    assert not ok
    assert f'"{sys.executable}" -m pip install -r' in message
    assert "PATCHWORK_PYTHON" in message
    assert failure(run, feedback) == message


def test_a_python_that_is_too_old_is_reported_with_advice(provider, run, feedback, monkeypatch):
    from patchwork.processing_provider import interpreter

    monkeypatch.setattr(interpreter, "OLDEST", (3, 99))
    for name in ("installengine", "makemap"):
        ok, message = provider.algorithm(name).canExecute()
        assert not ok
        assert "needs Python 3.99 or later" in message
    checked = run("checkinstallation", {}, feedback)
    assert "QGIS: 3." in checked["REPORT"]
    assert checked["REPORT"].count("needs Python 3.99") == 1
    assert checked["MISSING"] > 5


def test_every_operation_says_how_to_get_the_engine(provider, run, tmp_path, monkeypatch, folder):
    from qgis.core import QgsProcessingException

    from patchwork.core.operations import OPERATIONS
    from patchwork.processing_provider import interpreter

    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setattr(interpreter, "own_python", lambda: str(bare))
    for name in OPERATIONS.keys() - {"checkinstallation"}:
        ok, message = provider.algorithm(name).canExecute()
        assert not ok, name
        assert "patchwork:installengine" in message
    with pytest.raises(QgsProcessingException, match="patchwork:installengine") as caught:
        run("splitarea", {"SOURCE": "sample", "WORKSPACE": str(tmp_path / "work")})
    assert "pip" not in str(caught.value), "which Debian refuses for QGIS's own Python"
    assert provider.algorithm("installengine").canExecute() == (True, "")
    assert provider.algorithm("checkinstallation").canExecute() == (True, "")
    folder.mkdir(parents=True)
    assert provider.algorithm("makemap").canExecute() == (True, "")


@pytest.mark.parametrize("python", ["", "#!/bin/sh\nexit 3\n", None])
@pytest.mark.parametrize("has_packages", [False, True])
def test_the_check_answers_where_the_engine_does_not_run(
    run, feedback, tmp_path, monkeypatch, folder, python, has_packages
):
    from patchwork.processing_provider import interpreter

    if has_packages:
        folder.mkdir(parents=True)
    broken = tmp_path / "python"
    if python is not None:
        broken.write_text(python)
        broken.chmod(0o755)
    monkeypatch.setattr(interpreter, "own_python", lambda: str(broken) if python is not None else None)
    checked = run("checkinstallation", {}, feedback)
    assert "QGIS: 3." in checked["REPORT"]
    assert "The engine does not run" in checked["REPORT"]
    assert checked["MISSING"] > 5


def test_the_check_reports_versions_memory_and_disk(run, feedback, engine_python, monkeypatch):
    from qgis.core import Qgis
    from qgis.PyQt.QtCore import QT_VERSION_STR

    monkeypatch.setenv("PATCHWORK_PYTHON", engine_python)
    checked = run("checkinstallation", {}, feedback)
    assert checked["MISSING"] == 0
    for told in (Qgis.QGIS_VERSION, f"Qt {QT_VERSION_STR}", "Patchwork: ", "GB free", "Memory: ", engine_python):
        assert told in checked["REPORT"]
