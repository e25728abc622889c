"""What the commands need on this machine: QGIS through apt, packages through pip, all else below `.build/`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

CHECKOUT = Path(__file__).resolve().parents[1]
LAUNCHER = CHECKOUT / "core" / "launcher"
sys.path.insert(0, str(LAUNCHER))

from patchwork.processing_provider import packages  # noqa: E402

BUILD = CHECKOUT / ".build"
HOME = BUILD / "home"
PROFILE = HOME / ".local/share/QGIS/QGIS3/profiles/default"
PLUGINS = PROFILE / "python" / "plugins"
ENGINE = packages.engine_folder(PROFILE)
TOOLS = BUILD / "tools"
REQUIREMENTS = {ENGINE: CHECKOUT / "requirements.txt", TOOLS: CHECKOUT / "tests" / "requirements.txt"}

SYSTEM_PYTHON = "/usr/bin/python3"  # the one that QGIS uses
FOR_QGIS = ("qgis", "python3-qgis", "qgis-providers", "python3-pip", "libgomp1")  # libgomp1: LightGBM wants it
FOR_TESTS = ("xvfb", "xauth")  # a screen for the tests that look at windows

SECONDS_OF_SILENCE = 10


class MachineError(Exception):
    """Something is missing on the machine and cannot be installed; the message says what to do."""


def say(text: str) -> None:
    """Print a message."""
    print(f"» {text}", flush=True)


def environment(**more: object) -> dict[str, str]:
    """The environment of all that is started: a HOME of its own, no screen, no word of other Pythons or GDALs."""
    strange = ("PYTHON", "VIRTUAL_ENV", "CONDA", "GDAL_", "PROJ_", "QGIS", "QT_", "XDG_", "LD_", "LC_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    runtime = HOME / ".run"
    runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    search = os.pathsep.join(["/usr/bin", os.environ.get("PATH", "/bin")])  # QGIS takes the first python3 for its own
    own = {
        "PATH": search,
        "HOME": HOME,
        "XDG_RUNTIME_DIR": runtime,
        "LC_ALL": "C.UTF-8",
        "QT_QPA_PLATFORM": "offscreen",
    }
    own.update(PYTHONUNBUFFERED=1, PYTHONWARNINGS="ignore::DeprecationWarning")
    return kept | {name: str(value) for name, value in {**own, **more}.items()}


def search_path(*folders: Path | str) -> str:
    """A PYTHONPATH."""
    return os.pathsep.join(map(str, folders))


def install_from_apt(names: Sequence[str]) -> None:
    """Have these Debian packages on the machine; MachineError where they cannot be."""
    missing = [name for name in names if name not in _installed_by_apt(names)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise MachineError(f"apt-get is missing. Install {', '.join(missing)} with this system's own means.")
    if os.geteuid() and not shutil.which("sudo"):
        raise MachineError(f"No right to install. As root, run: apt-get install {' '.join(missing)}")
    BUILD.mkdir(exist_ok=True)
    say(f"Installing {', '.join(missing)} with apt. The first time takes some minutes.")
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *missing)


def install_packages(*places: Path) -> None:
    """Have the engine's packages in ENGINE, the tools of the tests in TOOLS."""
    python = engine_python()
    missing = [place for place in places if not packages.is_current(place, REQUIREMENTS[place], python)]
    if not missing:
        return
    files = " and ".join(str(REQUIREMENTS[place].relative_to(CHECKOUT)) for place in missing)
    say(f"Installing {files} with pip.{' These are about 1 GB.' if ENGINE in missing else ''}")
    stopped = threading.Event()

    def install(place: Path) -> None:
        packages.install(python, REQUIREMENTS[place], place, show, is_cancelled=stopped.is_set)

    try:
        with _status() as show, ThreadPoolExecutor() as pool:
            try:
                list(pool.map(install, missing))
            finally:
                stopped.set()  # after a failure or Ctrl-C the other one need not end its work
    except packages.InstallationError as error:
        raise MachineError(str(error)) from error


def install_plugin() -> None:
    """Have the checkout as an enabled plugin in the QGIS profile below .build."""
    link(PLUGINS / "patchwork", CHECKOUT)
    settings = PROFILE / "QGIS" / "QGIS3.ini"
    if settings.exists() and "\npatchwork=true" in settings.read_text(encoding="utf-8"):
        return
    say("Enabling the plugin.")
    code, _ = run([qgis_process(), "plugins", "enable", "patchwork"], environment())
    if code:
        raise MachineError("QGIS does not enable the plugin; what it says is above.")


def qgis_process() -> str:
    """QGIS without a window: the program itself, since Debian's `qgis_process` is a wrapper that fails."""
    program = "/usr/bin/qgis_process"
    return f"{program}.bin" if os.path.exists(f"{program}.bin") else program


def engine_python() -> str:
    """The interpreter for the engine: QGIS's own where it will do, else the one that runs this."""
    trial = "import pip, sys; sys.exit(sys.version_info < (3, 10))"
    for python in (SYSTEM_PYTHON, sys.executable):
        if os.path.exists(python) and not subprocess.run([python, "-c", trial], capture_output=True).returncode:
            return python
    raise MachineError("No Python 3.10 or later with pip was found. On Debian and Ubuntu: apt-get install python3-pip")


def link(path: Path, target: Path) -> None:
    """Have a symbolic link at `path`, also where the checkout has moved since."""
    if path.is_symlink() and Path(os.readlink(path)) == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target, target_is_directory=True)


def run(command: Sequence[str | Path], env: dict[str, str]) -> tuple[int, str]:
    """Run a command with its output on the screen as it comes; the exit status and what it printed."""
    printed = bytearray()
    with _started(command, env=env, cwd=CHECKOUT) as process, _alive() as tick:
        while chunk := os.read(process.stdout.fileno(), 65536):
            tick()
            printed += chunk
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
    return process.returncode, printed.decode("utf-8", "replace")


def _installed_by_apt(names: Sequence[str]) -> set[str]:
    if not shutil.which("dpkg-query"):
        return set()
    command = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n", *names]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[1] for line in lines if line.startswith("installed ")}


def _apt(*arguments: str) -> None:
    command = ["sudo"] if os.geteuid() else []
    command += ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    command += ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0", *arguments]
    log = BUILD / "apt.log"
    with log.open("a", encoding="utf-8") as file, _status() as show, _started(command) as process:
        for line in process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            print(text, file=file)
            show(text)
    if process.returncode:
        last = "\n".join(log.read_text(encoding="utf-8").splitlines()[-10:])
        raise MachineError(f"apt-get {arguments[0]} failed; all it said is in {log}. The last lines:\n{last}")


def _started(command: Sequence[str | Path], **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )


@contextmanager
def _status() -> Iterator[Callable[[str], None]]:
    """A function that shows the latest line in one line of the screen, or, in a log, about one line a second."""
    screen = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns - 5
    shown = 0.0

    def show(line: str) -> None:
        nonlocal shown
        tick()
        if screen:
            print(f"\r\033[K  {line[:width]}", end="", flush=True)
        elif time.monotonic() - shown > 1:
            print(f"  {line[:115]}", flush=True)
            shown = time.monotonic()

    with _alive() as tick:
        yield show
    if screen:
        print("\r\033[K", end="", flush=True)


@contextmanager
def _alive() -> Iterator[Callable[[], None]]:
    """A function to call at each sign of life; where it is not called for long, a line says that the work goes on."""
    start = last = time.monotonic()
    done = threading.Event()

    def tick() -> None:
        nonlocal last
        last = time.monotonic()

    def watch() -> None:
        while not done.wait(1):
            if time.monotonic() - last > SECONDS_OF_SILENCE:
                print(f"  … still at work, {time.monotonic() - start:.0f} s", flush=True)
                tick()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield tick
    finally:
        done.set()
        watcher.join()
