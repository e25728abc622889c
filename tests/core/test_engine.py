"""The engine as a process: its command line, what it writes where, the JSON protocol, and how it is cancelled."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import shapely
from services.commands import processes_of

from patchwork.core.faces import time_left
from patchwork.core.operations import OPERATIONS
from patchwork.core.parameters import declared

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER, METADATA = ROOT / "core" / "launcher", ROOT / "metadata.txt"
AREA = ("--area", "15.0,46.0,15.02,46.02")
CANCELLED = 130
posix = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")


@pytest.fixture(scope="module")
def country(tmp_path_factory, make_imagery, make_reference):
    """So many scenes that there is time to cancel: 25 dates, 9 patches at 150 m."""
    folder = tmp_path_factory.mktemp("country")
    days = [date(2019, 4, 1) + timedelta(days=2 * number) for number in range(25)]
    shape = (45, 45)

    def values(number, band, shape):
        if band == "SCL":
            return np.full(shape, 9 if number % 5 == 0 else 4)
        return np.kron([[1, 2, 3], [2, 3, 1], [3, 1, 2]], np.full((15, 15), {"B04": 500, "B08": 900}[band])) + number

    imagery = make_imagery(
        folder / "imagery",
        times=[f"{day:%Y%m%d}T100031" for day in days],
        bands=("B04", "B08", "SCL"),
        shape=shape,
        values=values,
    )
    polygons = [
        shapely.box(500_010 + 150 * column, 5_099_860 - 150 * row, 500_140 + 150 * column, 5_099_990 - 150 * row)
        for row in range(3)
        for column in range(3)
    ]
    reference = make_reference(folder / "reference.gpkg", polygons, {"id": [1, 2, 3, 2, 3, 1, 3, 1, 2]})
    return {"imagery": str(imagery), "reference": str(reference), "class_field": "id", "per_class": 50, "jobs": 2}


class Engine:
    """The engine in a process group of its own, with its standard input open."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "patchwork.core", *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
        self.errors = []
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        self.lines = []

    def give(self, values):
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()

    def read_until(self, fraction):
        """JSON lines up to the first with so much progress."""
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1].get("progress", 0) >= fraction:
                return
        pytest.fail(f"The run ended before {fraction}: {self.lines[-1:]} {''.join(self.errors)}")

    def rest(self):
        """All other lines, until the end."""
        self.lines += [json.loads(line) for line in self.process.stdout]
        status = self.process.wait(60)
        return SimpleNamespace(status=status, lines=self.lines, last=self.lines[-1], said="".join(self.errors))

    def relatives(self):
        """The processes of the group that still live."""
        return processes_of(self.process.pid)

    def leaves_nothing(self, seconds=15):
        end = time.monotonic() + seconds
        while self.relatives() and time.monotonic() < end:
            time.sleep(0.1)
        return self.relatives() == []


@pytest.fixture
def start():
    """Start engines; what is left of them at the end of the test is ended."""
    engines = []

    def start(*arguments):
        engines.append(Engine(*arguments))
        return engines[-1]

    yield start
    for engine in engines:
        for pid in engine.relatives():
            os.kill(pid, signal.SIGKILL)
        engine.process.wait()
        engine.process.stdin.close()
        engine.process.stdout.close()


# The command line


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_lists_the_operations_by_group(run_engine, arguments):
    result = run_engine(*arguments)
    assert result.returncode == 0
    headings = [f"\n{group[2:]}:\n" for group in sorted({operation.group for operation in OPERATIONS.values()})]
    places = [result.stdout.index(heading) for heading in headings]
    assert places == sorted(places)
    for name, operation in OPERATIONS.items():
        line = re.search(rf"^  {name} +{operation.label}$", result.stdout, re.MULTILINE)
        assert line.start() > result.stdout.index(f"\n{operation.group[2:]}:\n")


def test_the_version_is_that_of_the_metadata(run_engine):
    result = run_engine("--version")
    assert result.returncode == 0
    assert f"version={result.stdout.split()[1]}\n" in METADATA.read_text(encoding="utf-8")


def test_the_public_operations_are_there():
    """Those that have been written so far; the names are fixed for ever."""
    assert set(OPERATIONS) >= {
        "makemap", "splitarea", "findscenes", "downloadscenes", "maskclouds", "observationstatistics", "timeseries",
        "rasterizereference", "drawsamples", "trainmodel", "classifypatches", "mosaicmap", "writereport",
        "checkinstallation",
    }  # fmt: skip


def test_help_of_an_operation_names_every_parameter_with_its_default(run_engine):
    result = run_engine("makemap", "--help")
    assert result.returncode == 0
    text = " ".join(result.stdout.split())
    for parameter in declared(OPERATIONS["makemap"].parameters):
        assert f"--{parameter.name.replace('_', '-')} VALUE" in text
    for piece in ("Default: 5000.", "Default: B02,B03,B04,B08,B11,B12.", "Required.", "--map FILE", "--json"):
        assert piece in text


def test_help_of_an_operation_shows_choices_units_bounds_and_forms(run_engine):
    text = " ".join(run_engine("makemap", "--help", env={"COLUMNS": "1000"}).stdout.split())
    for piece in (
        "One of: folder (Folder of GeoTIFFs), sample (",
        "Number in m, at least 0. Default: 0.",
        "Number in %, between 0 and 100. Default: 80.",
        "Whole number, between 0 and 2147483647. Default: 0.",
        "Any of NDVI, NDWI,",
        "an extent xmin,ymin,xmax,ymax[,EPSG:n].",
    ):
        assert piece in text


def test_outputs_go_to_standard_output_and_words_to_standard_error(run_engine, tmp_path):
    result = run_engine("splitarea", *AREA, "--workspace", tmp_path / "prostor č")
    assert result.returncode == 0
    outputs = json.loads(result.stdout)
    assert outputs["PATCHES"] == str(tmp_path / "prostor č" / "patches.gpkg")
    assert outputs["PATCH_NUMBER"] == 2
    assert "EPSG:32633" in result.stderr
    assert "100 %" in result.stderr
    assert "\r" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["splitarea", "--workspace", "{}", "--patch-size", "-1"], 2),
        (["splitarea", "--workspace", "{}"], 2),
        (["splitarea", "--nonsense", "1"], 2),
        (["mosaicmap", "--workspace", "{}"], 1),
    ],
)
def test_the_exit_status_tells_what_kind_of_failure_it_was(run_engine, tmp_path, arguments, status):
    result = run_engine(*(part.format(tmp_path) for part in arguments))
    assert result.returncode == status
    assert result.stdout == ""
    assert "rror: " in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["makemap", "--source", "folder", "--imagery", "images"], ["REFERENCE"]),
        (["makemap", "--source", "folder"], ["REFERENCE", "IMAGERY"]),
        (["findscenes", "--imagery", "images", "--start", "2019-02-01", "--end", "2019-01-31"], ["START"]),
    ],
)
def test_values_that_do_not_go_together_are_refused_before_anything_is_written(run_engine, tmp_path, arguments, names):
    for more in ((), ("--json",)):
        result = run_engine(*arguments, "--workspace", tmp_path / "w", *more)
        assert result.returncode == 2
        said = json.loads(result.stdout)["error"] if more else result.stderr
        assert all(f"({name})" in said for name in names)
        assert not (tmp_path / "w").exists()


def test_values_may_begin_with_a_minus_sign(run_engine, tmp_path):
    result = run_engine("splitarea", "--workspace", tmp_path / "w", "--area", "-60.02,-3.12,-60.0,-3.1")
    assert result.returncode == 0, result.stderr
    assert "EPSG:32720" in result.stderr
    result = run_engine("splitarea", "--workspace", tmp_path / "w", *AREA, "--buffer", "-5")
    assert result.returncode == 2
    assert "Buffer (BUFFER): -5 is out of range: it must be at least 0." in result.stderr
    result = run_engine("timeseries", "--workspace", tmp_path / "none", "--place", "-60.1,-3.1", "--json")
    assert json.loads(result.stdout.splitlines()[-1])["kind"] == "missing step"


def test_a_word_that_is_no_choice_is_answered_with_the_choices(run_engine, tmp_path):
    result = run_engine("makemap", "--workspace", tmp_path / "w", "--source", "disk")
    assert result.returncode == 2
    assert "'disk' is not one of folder, sample, sentinelhub, stac, safe" in result.stderr
    result = run_engine("mapmake")
    assert result.returncode == 2
    assert all(name in result.stderr for name in OPERATIONS)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_outputs_can_be_written_where_the_terminal_has_few_letters(tmp_path, more):
    """A pipe on Windows knows the letters of western Europe only; č in a path must not end the run."""
    result = subprocess.run(
        [sys.executable, "-m", "patchwork.core", "splitarea", *AREA, "--workspace", str(tmp_path / "č"), *more],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert b"patches.gpkg" in result.stdout
    assert (tmp_path / "č" / "patches.gpkg").exists()


@pytest.mark.parametrize(
    ("fraction", "seconds", "text"),
    [
        (0.01, 100, ""),
        (0.5, 1, ""),
        (1.0, 100, ""),
        (0.5, 60, ", about 60 s left"),
        (0.25, 60, ", about 3 min left"),
        (0.5, 7200, ", about 120 min left"),
    ],
)
def test_the_time_left_follows_from_what_is_done(fraction, seconds, text):
    assert time_left(fraction, seconds) == text


# The JSON protocol


def test_every_line_is_json_and_the_last_one_holds_the_outputs(run_engine, tmp_path):
    result = run_engine("splitarea", *AREA, "--workspace", tmp_path, "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[-1]["outputs"]["PATCHES"] == str(tmp_path / "patches.gpkg")
    assert {key for line in lines[:-1] for key in line} <= {"progress", "left", "message", "level"}
    fractions = [line["progress"] for line in lines if "progress" in line]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {line["level"] for line in lines if "message" in line} <= {"info", "warning"}


@pytest.mark.parametrize(
    ("arguments", "kind", "status"),
    [
        (["splitarea", "--workspace", "{}", "--patch-size", "-1"], "parameters", 2),
        (["splitarea", "--workspace", "{}", "--imagery", "{}"], "data", 1),
        (["mosaicmap", "--workspace", "{}"], "missing step", 1),
        (["mosaicmap", "--workspace", "/dev/null/x"], "workspace", 1),
    ],
)
def test_an_error_is_the_last_line_with_its_kind(run_engine, tmp_path, arguments, kind, status):
    result = run_engine(*(part.format(tmp_path) for part in arguments), "--json")
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["kind"] == kind
    assert last["error"]
    assert result.returncode == status
    assert "Traceback" not in result.stderr


def test_an_option_that_is_not_known_is_an_error_in_json_too(run_engine, tmp_path):
    result = run_engine("splitarea", "--json", "--workspace", tmp_path, "--nonsense", "1")
    assert result.returncode == 2
    assert json.loads(result.stdout.splitlines()[-1])["kind"] == "parameters"


def test_parameters_come_on_standard_input(start, tmp_path):
    """QGIS keeps its end open until the run has ended: that must not disturb the end."""
    engine = start("splitarea", "--json", "--parameters", "-")
    engine.give(
        {"workspace": str(tmp_path), "area": AREA[1], "patch_size": "700", "patches": str(tmp_path / "copy.gpkg")}
    )
    result = engine.rest()
    assert result.status == 0
    assert result.last["outputs"]["PATCHES"] == str(tmp_path / "copy.gpkg")
    assert result.last["outputs"]["PATCH_NUMBER"] > 3
    assert result.said == ""


def test_wrong_parameters_on_standard_input(start, tmp_path):
    engine = start("splitarea", "--json", "--parameters", "-")
    engine.give({"workspace": str(tmp_path), "nonsense": 1, "patch_size": None, "buffer": "x"})
    result = engine.rest()
    assert result.status == 2
    assert result.last["kind"] == "parameters"
    assert "'nonsense'" in result.last["error"]
    assert "BUFFER" in result.last["error"]


@pytest.mark.parametrize("text", ["", "\n", "{bad}\n", "[1, 2]\n", '"text"\n', "null\n"])
def test_what_is_no_json_object_on_standard_input_is_told(run_engine, text):
    result = run_engine("splitarea", "--json", "--parameters", "-", input=text)
    assert "Traceback" not in result.stderr
    assert result.returncode in ((2, CANCELLED) if not text.strip() else (2,))
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["kind"] == ("cancelled" if result.returncode == CANCELLED else "parameters")


# Cancelling


def cancelled(engine, result, workspace):
    assert result.status == CANCELLED, result.said
    assert result.last["kind"] == "cancelled"
    assert "run again" in result.last["error"]
    assert "Traceback" not in result.said
    assert engine.leaves_nothing()
    for path in workspace.glob("scenes/*/[!.]*.tif"):
        with rasterio.open(path) as file:
            file.read()
    return True


@posix
@pytest.mark.parametrize("whom", ["process", "group"])
def test_ctrl_c_ends_the_run_and_it_goes_on_later(start, country, tmp_path, whom):
    """A terminal sends the signal to the whole group, workers too; a scheduler to the process alone."""
    engine = start("makemap", "--json", "--parameters", "-")
    engine.give({**country, "workspace": str(tmp_path), "patch_size": 150})
    engine.read_until(0.12)
    (os.killpg if whom == "group" else os.kill)(engine.process.pid, signal.SIGINT)
    assert cancelled(engine, engine.rest(), tmp_path)
    there = len(list(tmp_path.glob("scenes/*/[!.]*.tif")))
    assert 0 < there < 16 * 25
    engine = start("downloadscenes", "--json", "--workspace", tmp_path, "--imagery", country["imagery"], "--jobs", 1)
    result = engine.rest()
    assert result.status == 0
    [told] = [line["message"] for line in result.lines if "to fetch" in line.get("message", "")]
    assert told == f"400 files: {there} exist, {400 - there} to fetch."
    assert len(list(tmp_path.glob("scenes/*/*.tif"))) == 400
    assert not list(tmp_path.rglob(".part-*"))


@posix
def test_the_end_of_standard_input_cancels(start, country, tmp_path):
    """So the engine does not outlive a QGIS that crashed."""
    engine = start("makemap", "--json", "--parameters", "-")
    engine.give({**country, "workspace": str(tmp_path), "patch_size": 150})
    engine.read_until(0.1)
    engine.process.stdin.close()
    assert cancelled(engine, engine.rest(), tmp_path)


@posix
@pytest.mark.parametrize("jobs", [1, 2])
def test_the_engine_ends_with_the_process_that_started_it(country, tmp_path, jobs):
    """Nobody reads what it writes then, its last words neither."""
    command = [sys.executable, "-m", "patchwork.core", "makemap", "--json", "--parameters", "-"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
    values = {**country, "workspace": str(tmp_path), "patch_size": 150, "jobs": jobs}
    process.stdin.write(json.dumps(values) + "\n")
    process.stdin.flush()
    assert any(json.loads(line).get("progress", 0) >= 0.1 for line in process.stdout)
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()
    assert process.wait(20) == CANCELLED
    end = time.monotonic() + 15
    while processes_of(process.pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert processes_of(process.pid) == []


@posix
def test_sigterm_cancels_too(start, country, tmp_path):
    engine = start("makemap", "--json", "--parameters", "-")
    engine.give({**country, "workspace": str(tmp_path), "patch_size": 150, "jobs": 1})
    engine.read_until(0.05)
    engine.process.terminate()
    assert cancelled(engine, engine.rest(), tmp_path)


@posix
def test_ctrl_c_while_the_engine_starts_shows_no_traceback(start, country, tmp_path):
    for delay in (0.1, 0.25, 0.4, 0.6):
        engine = start("makemap", "--workspace", tmp_path, "--source", "sample", "--area", "0,0,1,1")
        time.sleep(delay)
        engine.process.send_signal(signal.SIGINT)
        engine.process.wait(30)
        engine.process.stdout.read()
        if delay >= 0.4:  # before that Python itself is starting, and nothing of ours runs
            assert "Traceback" not in "".join(engine.errors), delay


# An interpreter that lacks packages


def bare_python(*arguments):
    """The engine in an interpreter with the standard library alone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "-S", "-m", "patchwork.core", *map(str, arguments)],
        env={**environment, "PYTHONPATH": str(LAUNCHER)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interpreter_without_packages_says_what_is_missing_and_what_to_do(tmp_path):
    result = bare_python("splitarea", *AREA, "--workspace", tmp_path / "w")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "The package numpy is missing" in result.stderr
    assert sys.executable in result.stderr
    assert "-m pip install -r" in result.stderr
    assert Path(result.stderr.rpartition('-r "')[2].partition('"')[0]).is_file()
    result = bare_python("splitarea", *AREA, "--workspace", tmp_path / "w", "--json")
    assert json.loads(result.stdout.splitlines()[-1])["kind"] == "installation"


def test_help_and_the_check_need_no_package():
    assert bare_python("--help").returncode == 0
    assert bare_python("--version").returncode == 0
    assert bare_python("makemap", "--help").returncode == 0
    result = bare_python("checkinstallation")
    assert result.returncode == 0, result.stderr
    outputs = json.loads(result.stdout)
    assert outputs["MISSING"] > 5
    assert "numpy: missing" in outputs["REPORT"]


def test_wrong_parameters_are_told_without_packages_too(tmp_path):
    result = bare_python("splitarea", "--workspace", tmp_path, "--patch-size", "0")
    assert result.returncode == 2
    assert "PATCH_SIZE" in result.stderr
    result = bare_python("makemap", "--workspace", tmp_path, "--imagery", tmp_path)
    assert result.returncode == 2
    assert "REFERENCE" in result.stderr


# The worker


@pytest.fixture
def worker(start):
    """A worker, and what it answers to a request."""
    engine = start("worker")

    def ask(operation, parameters, **environment):
        engine.give({"operation": operation, "parameters": parameters, "environment": environment})
        for line in engine.process.stdout:
            engine.lines.append(json.loads(line))
            if engine.lines[-1].keys() & {"outputs", "error"}:
                return engine.lines[-1]
        pytest.fail(f"The worker ended. {''.join(engine.errors)}")

    return SimpleNamespace(engine=engine, ask=ask)


def test_a_worker_answers_one_request_after_the_other(worker, tmp_path):
    for number in (1, 2):
        values = {"area": AREA[1], "workspace": str(tmp_path / f"work č {number}")}
        assert worker.ask("splitarea", values)["outputs"]["PATCH_NUMBER"] == 2
    assert worker.ask("splitarea", {})["kind"] == "parameters"
    assert "(REFERENCE)" in worker.ask("makemap", {"workspace": str(tmp_path / "unmade"), "imagery": "i"})["error"]
    assert not (tmp_path / "unmade").exists()
    assert worker.ask("maskclouds", {"workspace": str(tmp_path / "empty")})["kind"] == "missing step"
    values = {"area": AREA[1], "workspace": str(tmp_path / "again")}
    assert worker.ask("splitarea", values)["outputs"]["PATCH_NUMBER"] == 2


def test_a_worker_takes_the_environment_of_a_request_and_forgets_it(worker):
    told = worker.ask("checkinstallation", {}, SH_CLIENT_ID="id", SH_CLIENT_SECRET="none", SH_BASE_URL="https://[")
    assert told["outputs"]["ACCOUNT"].startswith("Not signed in. ")
    assert f"Account: {told['outputs']['ACCOUNT']}" in told["outputs"]["REPORT"]
    assert (told["outputs"]["SIGNED_IN"], told["outputs"]["UNITS_LEFT"]) == (0, None)
    told = worker.ask("checkinstallation", {})
    assert "Account:" not in told["outputs"]["REPORT"]
    assert told["outputs"]["ACCOUNT"] == ""


@posix
def test_a_worker_ends_with_its_input(worker, tmp_path):
    worker.ask("splitarea", {})
    worker.engine.process.stdin.close()
    assert worker.engine.process.wait(20) == CANCELLED
    assert worker.engine.leaves_nothing()


def test_a_worker_is_not_stopped_by_what_is_no_request(worker, tmp_path):
    worker.engine.process.stdin.write("nonsense\n")
    assert "Standard input" in worker.ask("nosuch", {})["error"]  # what it says to the line before
    assert "'nosuch' is not one of makemap, splitarea" in worker.ask("splitarea", {})["error"]
