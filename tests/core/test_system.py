"""What differs between operating systems: the branches of Windows are run here against a Windows that is made up."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
import types
from pathlib import Path

import pytest
import shapely

from patchwork.core import system
from patchwork.core.errors import ParameterError, WorkspaceError
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.operations.declarations.workspace import LONGEST_NAME
from patchwork.core.progress import Progress
from patchwork.core.store.files import remove, write_text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="open files are listed in /proc")


def is_open(path):
    """Whether this process has the file open."""
    links = (os.path.join("/proc/self/fd", number) for number in os.listdir("/proc/self/fd"))
    return any(os.path.realpath(link) == os.path.realpath(path) for link in links if os.path.exists(link))


@pytest.fixture
def open_files_are_locked(monkeypatch):
    """A system that, as Windows does, neither replaces nor removes an open file."""

    def guarded(act):
        def guard(*paths, **options):
            for path in paths:
                if is_open(path):
                    raise PermissionError(13, "The process cannot access the file", str(path))
            return act(*paths, **options)

        return guard

    monkeypatch.setattr(os, "replace", guarded(os.replace))
    monkeypatch.setattr(Path, "unlink", guarded(Path.unlink))


@pytest.fixture
def windows(monkeypatch):
    monkeypatch.setattr(system, "IS_WINDOWS", True)
    for name in ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW"):
        monkeypatch.setattr(subprocess, name, 0, raising=False)  # Popen takes no other flags here


@pytest.fixture
def registry(monkeypatch, windows):
    """`registry(value)` sets whether this Windows has long paths; None for one that does not know them."""

    class Key:
        def __enter__(self):
            return self

        def __exit__(self, *reason):
            pass

    def set_value(value):
        def query(key, name):
            assert name == "LongPathsEnabled"
            if value is None:
                raise FileNotFoundError(2, "The system cannot find the file specified")
            return value, 4

        fake = types.SimpleNamespace(HKEY_LOCAL_MACHINE=1, OpenKey=lambda *path: Key(), QueryValueEx=query)
        monkeypatch.setitem(sys.modules, "winreg", fake)

    return set_value


# Files in use


@pytest.mark.parametrize("act", [lambda path: write_text(path, "new"), remove])
def test_a_file_that_is_open_for_a_moment_is_waited_for(tmp_path, open_files_are_locked, act):
    path = tmp_path / "map.tif"
    path.write_text("old")
    file = path.open()
    threading.Timer(0.25, file.close).start()
    act(path)
    assert file.closed
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] in ([("map.tif", "new")], [])


@pytest.mark.parametrize("act", [lambda path: write_text(path, "new"), remove])
def test_a_file_that_stays_open_is_named_and_kept(tmp_path, monkeypatch, open_files_are_locked, act):
    monkeypatch.setattr(system, "WAITS", (0.01, 0.02))
    path = tmp_path / "map.tif"
    path.write_text("old")
    with (
        path.open(),
        pytest.raises(WorkspaceError, match=r"map\.tif cannot be replaced .* open in another program"),
    ):
        act(path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("map.tif", "old")]
    act(path)  # the next run
    assert path.read_text() == "new" if path.exists() else act is remove


def test_the_engine_closes_its_files_before_it_replaces_or_removes_them(
    tmp_path, monkeypatch, open_files_are_locked, quick_runs, make_imagery, make_reference
):
    """Two runs with other settings, so that every kind of file is replaced; GDAL's files are seen too."""
    monkeypatch.setattr(system, "WAITS", ())
    times = [f"2019{month:02d}05T100031" for month in range(4, 8)]
    imagery = make_imagery(tmp_path / "imagery", times=times, bands=("B04", "B08", "SCL"), shape=(24, 24))
    xs, ys = range(500_000, 500_240, 60), range(5_099_760, 5_100_000, 60)
    shapes = [shapely.box(x, y, x + 60, y + 60) for x in xs for y in ys]
    ids = [1 + number % 3 for number in range(len(shapes))]
    reference = make_reference(tmp_path / "reference.gpkg", shapes, {"id": ids})
    given = {"imagery": imagery, "reference": reference, "class_field": "id", "erosion": 0, "patch_size": 130}
    operation, maps = OPERATIONS["makemap"], []
    for more in ({}, {"bands": "B04", "indices": "none", "skip_classes": "3", "skip_scenes": times[0], "seed": 1}):
        values = {**given, **more, "jobs": 1, "workspace": tmp_path / "workspace"}
        outputs = execute(operation, operation.parameters.from_values(values), {}, Progress())
        maps.append(Path(outputs["map"]).read_bytes())
    assert maps[0] != maps[1]
    assert len(list((tmp_path / "workspace" / "acquisitions").glob("*.vrt"))) == len(times) - 1
    assert {file.name for file in (tmp_path / "workspace" / "masks").glob("*.tif")} == {"mask_1.tif", "mask_2.tif"}


def test_waits_grow_and_end():
    assert list(system.WAITS) == sorted(system.WAITS)
    assert 3 < sum(system.WAITS) < 10


def test_the_program_that_holds_a_file_is_named(tmp_path, monkeypatch, windows, registry, open_files_are_locked):
    """Against a Restart Manager that fills the structure as the real one does."""
    registry(1)
    path, asked = tmp_path / "map.tif", []
    path.write_text("old")

    def register(session, count, files, *others):
        asked.extend(files[:count])
        return 0

    def get_list(session, needed, found, programs, reasons):
        for number, name in enumerate(("QGIS Desktop", "Explorer")):
            programs[number].name = name
        found._obj.value = needed._obj.value = 2
        return 0

    manager = types.SimpleNamespace(
        RmStartSession=lambda *_: 0, RmRegisterResources=register, RmGetList=get_list, RmEndSession=lambda *_: 0
    )
    monkeypatch.setattr(ctypes, "WinDLL", {"rstrtmgr": manager}.__getitem__, raising=False)
    monkeypatch.setattr(system, "WAITS", ())
    with path.open(), pytest.raises(WorkspaceError, match="open in QGIS Desktop and Explorer"):
        write_text(path, "new")
    assert asked == [str(path)]


# Long paths


@pytest.mark.parametrize(("value", "is_limited"), [(1, False), (0, True), (None, True)])
def test_a_workspace_with_a_long_path_is_refused_before_the_run(tmp_path, registry, make_imagery, value, is_limited):
    registry(value)
    imagery = make_imagery(tmp_path / "imagery", times=["20190401T100031"])
    folder = tmp_path / ("č" * 60) / ("x" * (259 - LONGEST_NAME + 1 - len(str(tmp_path)) - 62))
    assert len(str(folder)) == 259 - LONGEST_NAME + 1
    operation = OPERATIONS["splitarea"]
    values = operation.parameters.from_values({"imagery": str(imagery), "workspace": str(folder)})
    if is_limited:
        with pytest.raises(ParameterError, match=r"has 180 characters, and 179 are possible .* shorter path"):
            execute(operation, values, {}, Progress())
        assert not folder.parent.exists()
        shorter = operation.parameters.from_values({"imagery": str(imagery), "workspace": str(folder)[:-1]})
        assert shorter.faults() == []
    else:
        assert values.faults() == []


def test_a_file_elsewhere_with_a_long_path_is_explained(tmp_path, registry, monkeypatch):
    registry(0)
    path = tmp_path / ("x" * 250) / "report.html"
    monkeypatch.setattr(Path, "mkdir", _no_such_path)
    with pytest.raises(WorkspaceError, match=rf"has {len(str(path))} characters, and 259 are possible"):
        write_text(path, "page")


def _no_such_path(*_, **options):
    raise FileNotFoundError(2, "The system cannot find the path specified")


# Locks


def test_a_lock_of_windows_keeps_others_out(tmp_path):
    """Locks of bytes, which end with their process, as those of msvcrt do."""
    script = """
        import fcntl, os, sys, types
        def locking(number, mode, size):
            fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB, size, os.lseek(number, 0, os.SEEK_CUR))
        from patchwork.core import system
        sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
        system.IS_WINDOWS = True
        with open(sys.argv[1], "a+", encoding="utf-8") as file:
            print(system.take_lock(file), flush=True)
            sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "True\n"
        second = subprocess.run(command, input="", stdout=subprocess.PIPE, text=True, check=True)
        assert second.stdout == "False\n"
        first.kill()
    third = subprocess.run(command, input="", stdout=subprocess.PIPE, text=True, check=True)
    assert third.stdout == "True\n"


# Processes


def test_programs_start_without_a_console_window(monkeypatch):
    monkeypatch.setattr(system, "IS_WINDOWS", True)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    assert system.own_group() == {"creationflags": 0x08000200}


TASKKILL = """#!/bin/sh
[ "$1 $2 $3" = "/F /T /PID" ] || exit 1
kill_tree() { for child in $(cat /proc/$1/task/*/children); do kill_tree $child; done; kill -9 $1; }
kill_tree $4
"""


@pytest.mark.parametrize("has_taskkill", [True, False])
def test_a_tree_of_processes_is_ended_without_signals(tmp_path, monkeypatch, windows, has_taskkill):
    monkeypatch.setattr(os, "killpg", None)
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    (tmp_path / "System32").mkdir()
    if has_taskkill:
        (tmp_path / "System32" / "taskkill.exe").write_text(TASKKILL)
        (tmp_path / "System32" / "taskkill.exe").chmod(0o755)
    command = ["sh", "-c", "sleep 60 & echo $!; wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **system.own_group()) as process:
        child = int(process.stdout.readline())
        ended = os.pidfd_open(child)
        system.end_group(process)
        assert process.wait(5) == -9
        if has_taskkill:
            assert select.select([ended], [], [], 5)[0]
        else:
            os.kill(child, signal.SIGKILL)
        os.close(ended)


def test_a_worker_ends_with_its_parent_on_windows_too(monkeypatch, windows):
    """Windows keeps the parent's id when it has ended: the process itself is waited for."""

    def open_process(access, inherits, pid):
        assert access == 0x100000
        try:
            return os.pidfd_open(pid)
        except ProcessLookupError:
            raise OSError(22, "The parameter is incorrect") from None

    def wait_for(handle, milliseconds):
        assert milliseconds == 0xFFFFFFFF
        select.select([handle], [], [])

    fake = types.SimpleNamespace(
        SYNCHRONIZE=0x100000, INFINITE=0xFFFFFFFF, OpenProcess=open_process, WaitForSingleObject=wait_for
    )
    monkeypatch.setitem(sys.modules, "_winapi", fake)
    with subprocess.Popen(["sleep", "60"]) as parent:
        watch = threading.Thread(target=system.wait_for_end_of_parent, args=(parent.pid,), daemon=True)
        watch.start()
        watch.join(0.3)
        assert watch.is_alive()
        parent.kill()
        watch.join(5)
        assert not watch.is_alive()
    system.wait_for_end_of_parent(parent.pid)  # it has ended before


def _compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize("is_windows", [False, True])
def test_another_thread_interrupts_the_main_one(monkeypatch, is_windows):
    monkeypatch.setattr(system, "IS_WINDOWS", is_windows)
    threading.Timer(0.1, system.interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        _compute(5)


def test_memory_of_windows_is_read(monkeypatch, windows):
    def status_of(pointer):
        numbers = pointer._obj
        assert ctypes.cast(numbers, ctypes.POINTER(ctypes.c_uint32))[0] == 64  # the size of a MEMORYSTATUSEX
        numbers[1], numbers[2] = 16_000_000_000, 7_000_000_000
        return 1

    kernel = types.SimpleNamespace(GlobalMemoryStatusEx=status_of)
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(kernel32=kernel), raising=False)
    assert system.memory() == (16.0, 7.0)


def test_only_one_module_asks_which_system_it_is():
    root = Path(system.__file__).parents[1]
    folders = (root / name for name in ("core", "plugin", "processing_provider"))
    asking = ("os.name", "sys.platform", "fcntl", "msvcrt", "winreg", "ctypes", "os.kill", "SIGKILL", "getppid")
    files = [file for folder in folders for file in folder.rglob("*.py") if file != Path(system.__file__)]
    found = [(file.name, word) for file in files for word in asking if word in file.read_text(encoding="utf-8")]
    assert len(files) > 50
    assert found == []
