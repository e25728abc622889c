"""The engine's command line: `python -m patchwork.core OPERATION --parameter value …`, also installed as `patchwork`.

Progress and messages for people go to standard error; the outputs go to standard output at the end, as one JSON object.
With `--json` standard output carries JSON lines instead: progress, messages, then outputs or a typed error. With
`--parameters -` the parameters come as one line of JSON on standard input; when that input ends, the run is cancelled.

Exit status: 0 done, 1 failed with a message, 2 wrong parameters, 130 cancelled.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import Any, NoReturn

from .errors import MissingPackageError, ParameterError, PatchworkError
from .operations import OPERATIONS, destinations_of, execute
from .parameters import Operation, declared
from .progress import Level, Progress

DONE, FAILED, WRONG_PARAMETERS, CANCELLED = 0, 1, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one operation; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    face = JsonFace() if "--json" in given else TerminalFace()
    signal.signal(signal.SIGTERM, lambda number, frame: _interrupt())
    if not sys.flags.dev_mode:
        # What packages warn programmers of is not for the person, here or in the worker processes.
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        options = vars(_parser().parse_args(given))
        operation = OPERATIONS[options.pop("operation")]
        from_input = options.pop("parameters") == "-"
        values = {name: value for name, value in options.items() if value is not None and name != "json"}
        if from_input:
            values |= _read_parameters()
            threading.Thread(target=_cancel_when_input_ends, daemon=True).start()
        _check_python()
        destinations = {name: Path(str(values.pop(name))) for name in destinations_of(operation) if values.get(name)}
        outputs = execute(operation, operation.parameters.from_values(values), destinations, face.progress)
    except PatchworkError as error:
        face.error(error.kind, str(error))
        return WRONG_PARAMETERS if isinstance(error, ParameterError) else FAILED
    except ImportError as error:
        if (error.name or "").startswith("patchwork"):
            raise
        face.error(MissingPackageError.kind, _how_to_install(error))
        return FAILED
    except KeyboardInterrupt:
        face.error("cancelled", "Cancelled. What is done is kept: run again to go on.")
        sys.stdout.flush()
        _end_everything()
    except MemoryError:
        face.error("memory", "There is not enough memory. Lower MEMORY or JOBS, or close other programs.")
        return FAILED
    except Exception as error:
        traceback.print_exc()
        face.error("internal", f"{type(error).__name__}: {error}. This is a fault of Patchwork: please report it.")
        return FAILED
    face.outputs(outputs)
    return DONE


class TerminalFace:
    """For people: messages and a line of progress on standard error, the outputs on standard output."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = -1
        self._is_terminal = sys.stderr.isatty()
        self.progress = Progress(self._on_fraction, self._on_message)

    def _on_fraction(self, fraction: float) -> None:
        percent = int(fraction * 100)
        step = 1 if self._is_terminal else 10
        if percent // step == self._shown // step:
            return
        self._shown = percent
        line = f"{percent:3d} %{time_left(fraction, time.monotonic() - self._began)}"
        self._write(f"\r{line:40s}\r" if self._is_terminal else f"{line}\n")

    def _on_message(self, level: Level, text: str) -> None:
        self._write(f"{'Warning: ' if level == 'warning' else ''}{text}\n")

    def error(self, kind: str, text: str) -> None:
        """Show why the run ended."""
        self._write(f"Error: {text}\n")

    def outputs(self, outputs: dict[str, Any]) -> None:
        """Show what was made."""
        is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        print(json.dumps(_upper(outputs), ensure_ascii=not is_unicode, indent=1))

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class JsonFace:
    """For programs: one JSON object a line on standard output."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = -1.0
        self.progress = Progress(self._on_fraction, lambda level, text: self._write(message=text, level=level))

    def _on_fraction(self, fraction: float) -> None:
        if fraction - self._shown >= 0.002 or fraction in (0.0, 1.0):
            self._shown = fraction
            left = time_left(fraction, time.monotonic() - self._began).strip(" ,")
            self._write(progress=round(fraction, 4), left=left)

    def error(self, kind: str, text: str) -> None:
        """Tell why the run ended."""
        self._write(error=text, kind=kind)

    def outputs(self, outputs: dict[str, Any]) -> None:
        """Tell what was made."""
        self._write(outputs=_upper(outputs))

    @staticmethod
    def _write(**values: Any) -> None:
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()


def time_left(fraction: float, seconds: float) -> str:
    """`, about 3 min left`, from how long the part that is done took; empty while it is too early to tell."""
    if fraction < 0.03 or seconds < 3 or fraction >= 1:
        return ""
    left = seconds * (1 - fraction) / fraction
    return f", about {math.ceil(left / 60)} min left" if left > 90 else f", about {math.ceil(left)} s left"


def _upper(outputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs under their public names; what is not a number is null, as JSON wants it."""
    return {
        name.upper(): None if isinstance(value, float) and math.isnan(value) else value
        for name, value in outputs.items()
    }


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with the options as any other wrong parameter."""

    def error(self, message: str) -> NoReturn:
        raise ParameterError(f"{message[:1].upper()}{message[1:]}. {self.prog} --help tells the options.")


def _read_parameters() -> dict[str, Any]:
    try:
        values = json.loads(sys.stdin.readline())
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ParameterError("Standard input should hold the parameters as one line with a JSON object.")

    return values


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("patchwork", description="Land-cover maps from Sentinel-2 time series.")
    commands = parser.add_subparsers(dest="operation", required=True, metavar="OPERATION")
    for operation in OPERATIONS.values():
        command = commands.add_parser(
            operation.name, help=operation.label, description=operation.summary, allow_abbrev=False
        )
        _add_options(command, operation)
    return parser


def _add_options(command: argparse.ArgumentParser, operation: Operation) -> None:
    for parameter in declared(operation.parameters):
        default = "" if parameter.default is None else f" Default: {parameter.kind.plain(parameter.default)}."
        text = f"{parameter.kind.label}. {parameter.kind.help}{default}"
        command.add_argument(
            _option(parameter.name), dest=parameter.name, help=text.replace("%", "%%"), metavar="VALUE"
        )
    for name, output in destinations_of(operation).items():
        if name not in {parameter.name for parameter in declared(operation.parameters)}:
            text = f"{output.label}: where a copy goes besides the workspace."
            command.add_argument(_option(name), dest=name, help=text, metavar="FILE")
    command.add_argument("--json", action="store_true", help="JSON lines on standard output, for programs")
    command.add_argument("--parameters", choices=["-"], help="read the parameters as a line of JSON on standard input")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check_python() -> None:
    if sys.version_info < (3, 10):
        raise MissingPackageError(
            f"The engine needs Python 3.10 or newer; {sys.executable} is {sys.version.split()[0]}. Choose another "
            "interpreter in the options or in the environment variable PATCHWORK_PYTHON."
        )


def _how_to_install(error: ImportError) -> str:
    requirements = Path(__file__).parents[1] / "requirements.txt"
    return (
        f"The engine lacks the package {error.name or error}. The interpreter is {sys.executable}. Install what is "
        f'missing with: "{sys.executable}" -m pip install -r "{requirements}"'
    )


def _cancel_when_input_ends() -> None:
    """The process that started this one closes its end to cancel, and loses it when it dies."""
    while sys.stdin.readline():
        pass
    _interrupt()
    time.sleep(3)  # a computation that does not look up is not waited for
    _end_everything()


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT) if os.name != "nt" else signal.raise_signal(signal.SIGINT)


def _end_everything() -> NoReturn:
    """End at once, with the worker processes, which end themselves when this one is gone."""
    sys.stderr.flush()
    os._exit(CANCELLED)


if __name__ == "__main__":
    sys.exit(main())
