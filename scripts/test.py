"""Run all that must hold, and show it: python3 scripts/test.py [tests to run] [options for pytest, such as -k grid]

Installs what is missing first, as scripts/demo.py does. Tests on real data read ../shared/realdata, or the folder in
the environment variable PATCHWORK_REALDATA. The exit status is 0 where everything passed, and no test was skipped for
a reason that is not on the list in skips.py.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import machine
import skips
from machine import BUILD, CHECKOUT, ENGINE, HOME, LAUNCHER, PLUGINS, SYSTEM_PYTHON, TOOLS, MachineError, say

SOURCES = BUILD / "src"  # holds the checkout under its package's name, for tools that look for files
QGIS_PYTHON = ("/usr/share/qgis/python", "/usr/share/qgis/python/plugins")  # where PyQGIS finds `processing`
LINT_IMPORTS = "import importlinter.cli; importlinter.cli.lint_imports_command()"
PYTEST = ("-m", "pytest", "--dist", "loadfile", "--no-loadscope-reorder")  # files of tests side by side
CORES = os.cpu_count() or 1
NOTHING_COLLECTED = 5  # pytest's exit status, which is right where -k picks tests of the other folder


@dataclass(frozen=True)
class Outcome:
    """How a step ended."""

    name: str
    passed: bool
    seconds: float
    last_line: str


def main(options: list[str]) -> int:
    """Run all steps, or, where paths below tests/ are among the options, the tests there alone; 1 where one failed."""
    machine.install_from_apt(machine.FOR_QGIS + machine.FOR_TESTS)
    machine.install_packages(ENGINE, TOOLS)
    machine.install_plugin()
    machine.link(SOURCES / "patchwork", CHECKOUT)
    chosen = [option for option in options if option.startswith("tests/")]
    others = [option for option in options if option not in chosen]
    outcomes = [] if chosen else _check()
    outcomes += _test(chosen or ["tests/core", "tests/qgis"], others)
    _show(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _check() -> list[Outcome]:
    """The checks without tests, side by side: each uses one core."""
    with ThreadPoolExecutor(CORES) as pool:
        steps = [
            pool.submit(_step, "mypy", ["-m", "mypy", "-p", "patchwork.core"], ENGINE, MYPYPATH=SOURCES),
            pool.submit(_step, "ruff check", ["-m", "ruff", "check"]),
            pool.submit(_step, "ruff format", ["-m", "ruff", "format", "--check"]),
            pool.submit(_step, "import-linter", ["-c", LINT_IMPORTS, "--no-logo", "--no-cache"], SOURCES),
            pool.submit(_step, "package", ["scripts/package.py"]),
        ]
        return [step.result() for step in steps]


def _test(paths: list[str], options: list[str]) -> list[Outcome]:
    outcomes = []
    if core := [path for path in paths if path.startswith("tests/core")]:
        workers = CORES + 1  # these often wait for a server or a process
        outcomes.append(_pytest("tests/core", [f"-n{workers}", *core, *options], options, LAUNCHER, ENGINE))
    if in_qgis := [path for path in paths if path.startswith("tests/qgis")]:
        python = _engine_interpreter()
        arguments = [f"-n{CORES}", *in_qgis, *options]
        outcomes.append(_pytest("tests/qgis", arguments, options, PLUGINS, *QGIS_PYTHON, PATCHWORK_PYTHON=python))
    return outcomes


def _pytest(name: str, arguments: list[str], options: list[str], *path: Path | str, **variables: object) -> Outcome:
    """Run tests; they have failed too where one was skipped for a reason that is not on the list."""
    report = BUILD / f"{name.replace('/', '-')}.xml"
    report.unlink(missing_ok=True)
    fine = (0, NOTHING_COLLECTED) if options else (0,)
    outcome = _step(name, [*PYTEST, f"--junit-xml={report}", *arguments], *path, fine=fine, **variables)
    skipped = skips.read_skips(report) if report.exists() else []
    wrong = skips.not_allowed(skipped, skips.places_of_real_data(CHECKOUT))
    for skip in skipped:
        say(f"Skipped{', which is not allowed' if skip in wrong else ''}: {skip.test}: {skip.reason}")
    return replace(outcome, passed=outcome.passed and not wrong)


def _engine_interpreter() -> Path:
    """A program that is an interpreter with the engine's packages: QGIS's own Python is tested without them."""
    program = BUILD / "engine-python"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{ENGINE}" exec {SYSTEM_PYTHON} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def _step(
    name: str, arguments: list[str], *path: Path | str, fine: Sequence[int] = (0,), **variables: object
) -> Outcome:
    """Run QGIS's Python with the tools and the folders of `path` to import from, and no others."""
    say(name)
    start = time.monotonic()
    environment = machine.environment(
        PYTHONPATH=machine.search_path(*path, TOOLS),
        PATCHWORK_TEST_HOME=HOME,
        HYPOTHESIS_STORAGE_DIRECTORY=BUILD / "cache" / "hypothesis",
        **variables,
    )
    code, printed = machine.run([SYSTEM_PYTHON, *arguments], environment)
    last_line = (printed.strip().splitlines() or [""])[-1]
    return Outcome(name, code in fine, time.monotonic() - start, last_line)


def _show(outcomes: list[Outcome]) -> None:
    print()
    for outcome in outcomes:
        print(f"{outcome.name:14} {'passed' if outcome.passed else 'FAILED'} {outcome.seconds:7.1f} s")
    for outcome in outcomes:
        if outcome.name.startswith("tests/"):
            print(f"{outcome.name}: {outcome.last_line.strip('= ')}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except MachineError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)
