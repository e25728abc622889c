"""Patchwork in a folder from a stranger, with files that have the names of modules: nothing of them is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from patchwork.core.errors import DataError
from patchwork.core.execution import working_folder
from patchwork.processing_provider.packages import install, is_current

AREA = "547000,5153500,548500,5154700,EPSG:32633"
# What Python itself imports before the first line of a module that is run with `-m`.
BY_PYTHON = ("types", "collections", "functools")
NAMES = (
    "joblib",
    "numpy",
    "rasterio",
    "sklearn",
    "lightgbm",
    "shapely",
    "pyproj",
    "json",
    "queue",
    "signal",
    "threading",
)


@pytest.fixture
def planted(tmp_path):
    """`planted(names)` makes a folder of modules that leave their name in a file; returns folder and file."""

    def make(names):
        folder, marker = tmp_path / "downloaded data", tmp_path / "ran"
        folder.mkdir()
        for name in names:
            text = f"open({str(marker)!r}, 'a').write('{name} ')\nraise ImportError('{name} of a stranger')\n"
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
            (folder / "scipy").mkdir(exist_ok=True)
            (folder / "scipy" / "__init__.py").write_text(text, encoding="utf-8")
        (folder / "matplotlibrc").write_text("text.usetex: True\n", encoding="utf-8")
        return folder, marker

    return make


def in_folder(folder, *command):
    """Run Python there, as a user does: without PYTHONSAFEPATH."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


# The program, with worker processes from the first task on, though there is little to do
EAGER = """import sys
from patchwork.core.__main__ import main
from patchwork.core.execution import outcomes
outcomes._workers_begun.set()
sys.exit(main())
"""
AS_MODULE = f"import sys; sys.argv[0] = '-m'\n{EAGER}"  # as Python has it while it looks for a module to run


def parallel_run(folder, program, parallel_program):
    """Two processes label patches in the folder `w`, which is named relative to the working folder."""
    in_folder(
        folder, *program, "splitarea", "--workspace", "w", "--source", "sample", "--area", AREA, "--patch-size", 600
    )
    in_folder(folder, *program, "findscenes", "--workspace", "w", "--source", "sample")
    in_folder(folder, *parallel_program, "rasterizereference", "--workspace", "w", "--jobs", 2)
    assert len(list((folder / "w" / "labels").glob("*.tif"))) > 3


def test_the_command_with_worker_processes(planted, tmp_path):
    folder, marker = planted((*NAMES, *BY_PYTHON))
    program = tmp_path / "bin" / "patchwork"
    program.parent.mkdir()
    program.write_text(EAGER, encoding="utf-8")  # what pip writes, and two lines more
    parallel_run(folder, [program], [program])
    assert not marker.exists(), marker.read_text()


def test_the_module_with_worker_processes(planted):
    folder, marker = planted(NAMES)
    parallel_run(folder, ["-m", "patchwork.core"], ["-c", AS_MODULE])
    assert not marker.exists(), marker.read_text()


def test_the_module_is_found_in_the_working_folder_itself(tmp_path, monkeypatch):
    """A checkout that is called `patchwork`, as in QGIS's folder of plugins: workers find it too."""
    (tmp_path / "patchwork").symlink_to(Path(working_folder.__file__).parents[2])
    launcher = str(Path(working_folder.__file__).parents[1] / "launcher")
    kept = [path for path in os.environ["PYTHONPATH"].split(os.pathsep) if path != launcher]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(kept))
    parallel_run(tmp_path, ["-m", "patchwork.core"], ["-c", AS_MODULE])


def test_the_settings_of_plots_are_not_those_of_the_working_folder(planted):
    folder, _ = planted(())
    (folder / "matplotlibrc").write_text("text.usetex: True\n", encoding="utf-8")
    code = "import patchwork.core.plots.figures, matplotlib; print(matplotlib.rcParams['text.usetex'])"
    assert in_folder(folder, "-c", code).strip() == "False"


def test_the_installation(planted, tmp_path, monkeypatch):
    folder, marker = planted(("pip", "runpy", *NAMES, *BY_PYTHON))
    monkeypatch.chdir(folder)
    (tmp_path / "requirements.txt").write_text("", encoding="utf-8")
    install(sys.executable, tmp_path / "requirements.txt", tmp_path / "profile" / "engine", lambda line: None)
    assert is_current(tmp_path / "profile" / "engine", tmp_path / "requirements.txt", sys.executable)
    assert not marker.exists(), marker.read_text()


def test_a_source_package_is_not_built(tmp_path):
    """Its setup.py would run."""
    import tarfile

    (tmp_path / "setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", encoding="utf-8")
    with tarfile.open(tmp_path / "evil-1.0.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "setup.py", "evil-1.0/setup.py")
    (tmp_path / "requirements.txt").write_text("evil\n", encoding="utf-8")
    with pytest.raises(Exception, match="No matching distribution"):
        install(sys.executable, tmp_path / "requirements.txt", tmp_path / "e", lambda line: None, wheels=tmp_path)
    assert not (tmp_path / "ran").exists()


def test_python_3_10_names_the_files_that_its_workers_would_run(planted, monkeypatch):
    folder, _ = planted(("joblib", "my_notes"))
    monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.chdir(folder)
    with pytest.raises(DataError, match=r"has joblib\.py, scipy, which Python 3\.10 would run"):
        working_folder.keep_out_of_workers()
    monkeypatch.chdir(Path(working_folder.__file__).parents[1] / "launcher")
    working_folder.keep_out_of_workers()
