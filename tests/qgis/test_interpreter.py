"""Which interpreter runs the engine, and what the user reads if it cannot."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def nothing_chosen(qgis, monkeypatch):
    monkeypatch.delenv("PATCHWORK_PYTHON", raising=False)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def failure(run, tmp_path) -> str:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run("splitarea", {"IMAGERY": str(tmp_path), "WORKSPACE": str(tmp_path / "work")})
    return str(caught.value)


def test_the_environment_variable_comes_before_the_option(monkeypatch):
    from qgis.core import QgsSettings

    from patchwork.processing_provider import interpreter

    QgsSettings().setValue("patchwork/python", "/option/python")
    assert interpreter.chosen_python() == "/option/python"
    monkeypatch.setenv("PATCHWORK_PYTHON", "/variable/python")
    assert interpreter.chosen_python() == "/variable/python"
    QgsSettings().remove("patchwork/python")


def test_qgis_own_python_is_the_one_with_its_pyqt():
    from patchwork.processing_provider import interpreter

    assert os.path.realpath(interpreter.own_python()) == os.path.realpath(sys.executable)


def test_a_python_that_only_comes_first_on_the_path_is_not_qgis_own(tmp_path, monkeypatch):
    from patchwork.processing_provider import interpreter

    stranger = script(tmp_path / "python3", "echo 3.11; echo")
    monkeypatch.setattr(sys, "executable", stranger)
    interpreter.own_python.cache_clear()
    assert os.path.realpath(interpreter.own_python()) != stranger
    interpreter.own_python.cache_clear()


def test_packages_in_the_profile_go_with_qgis_own_python(qgis):
    from patchwork.processing_provider import interpreter, packages

    assert interpreter.find_interpreter().packages is None
    folder = packages.engine_folder(Path(qgis.qgisSettingsDirPath()))
    folder.mkdir(parents=True)
    found = interpreter.find_interpreter()
    folder.rmdir()
    assert found.packages == folder
    assert str(folder) in found.environment()["PYTHONPATH"].split(os.pathsep)
    assert found.is_out_of_date()


def test_the_engine_gets_none_of_the_environment_of_qgis(monkeypatch):
    from patchwork.processing_provider import interpreter

    for name in ("PROJ_LIB", "GDAL_DATA", "PYTHONHOME", "QGIS_PREFIX_PATH", "LD_LIBRARY_PATH", "QT_PLUGIN_PATH"):
        monkeypatch.setenv(name, "/of/qgis")
    monkeypatch.setenv("SH_CLIENT_ID", "handed on")
    environment = interpreter.Interpreter("python").environment()
    assert "/of/qgis" not in environment.values()
    assert environment["SH_CLIENT_ID"] == "handed on"


def test_missing_packages_are_named_with_what_to_do(run, tmp_path, monkeypatch):
    bare = script(tmp_path / "bare python", f'exec "{sys.executable}" -S "$@"')
    monkeypatch.setenv("PATCHWORK_PYTHON", bare)
    message = failure(run, tmp_path)
    assert f"{bare}, which is set in the environment variable PATCHWORK_PYTHON, has no numpy, " in message
    assert f'"{bare}" -m pip install -r' in message


def test_an_interpreter_that_does_not_exist_is_reported_before_a_run(provider, monkeypatch):
    monkeypatch.setenv("PATCHWORK_PYTHON", "/no/such/python")
    ok, message = provider.algorithm("splitarea").canExecute()
    assert not ok
    assert "/no/such/python" in message


def test_an_interpreter_that_does_not_start_is_reported(run, tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_bytes(b"\x7fELF, not really")
    broken.chmod(0o755)
    monkeypatch.setenv("PATCHWORK_PYTHON", str(broken))
    assert "cannot be started" in failure(run, tmp_path)


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("echo 'libfoo.so.3: no such file' >&2; exit 127", "libfoo.so.3"),
        ("read line; kill -SEGV $$", "status -11"),
        ("kill -KILL $$", "memory probably ran out"),
        ("echo 'Traceback (most recent call last):' >&2; exit 1", "report it"),
        ("echo not JSON; exit 0", "not JSON"),
    ],
)
def test_an_engine_that_ends_without_a_message_is_reported_with_its_last_lines(run, tmp_path, monkeypatch, does, told):
    monkeypatch.setenv("PATCHWORK_PYTHON", script(tmp_path / "python", does))
    message = failure(run, tmp_path)
    assert told in message
    assert "ended without a result" in message


def test_an_engine_that_does_not_listen_is_ended_when_cancelled(run, tmp_path, monkeypatch, feedback, processes_with):
    deaf = f"trap '' INT TERM; sleep 60 & sleep 60; touch '{tmp_path}/finished'"
    monkeypatch.setenv("PATCHWORK_PYTHON", script(tmp_path / "python", deaf))
    feedback.cancel()
    run("splitarea", {"IMAGERY": str(tmp_path), "WORKSPACE": str(tmp_path / "work")}, feedback)
    assert not (tmp_path / "finished").exists()
    assert processes_with(tmp_path) == []


def test_the_check_of_an_interpreter_runs_nothing_of_the_working_folder(tmp_path, monkeypatch):
    from patchwork.processing_provider import interpreter

    for name in ("types", "importlib", "patchwork", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n", encoding="utf-8"
        )
    monkeypatch.chdir(tmp_path)
    interpreter.own_python.cache_clear()
    assert interpreter.own_python()
    assert interpreter._missing_packages(interpreter.Interpreter(sys.executable)) is not None
    interpreter.own_python.cache_clear()
    assert not (tmp_path / "ran").exists()
