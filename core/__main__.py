"""The engine's command line: `python -m patchwork.core OPERATION --parameter value …`, also installed as `patchwork`.

Progress and messages for people go to standard error; the outputs go to standard output at the end, as one JSON object.
With `--json` standard output carries JSON lines instead: progress, messages, then outputs or a typed error. With
`--parameters -` the parameters come as one line of JSON on standard input; when that input ends, the run is cancelled.

`python -m patchwork.core worker` stays alive and answers one request after the other: lines of JSON on standard input,
`{"operation": …, "parameters": …, "environment": …}`, each answered by JSON lines up to its outputs or error.

Exit status: 0 done, 1 failed with a message, 2 wrong parameters, 130 cancelled.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Callable, NoReturn

from .errors import MissingPackageError, ParameterError, PatchworkError
from .faces import Face, JsonFace, TerminalFace
from .operations import OPERATIONS, destinations_of, execute
from .parameters import Operation, declared

DONE, FAILED, WRONG_PARAMETERS, CANCELLED = 0, 1, 2, 130
WORKER = "worker"


def main(arguments: list[str] | None = None) -> int:
    """Run one operation, or be a worker; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    signal.signal(signal.SIGTERM, lambda number, frame: _interrupt())
    if not sys.flags.dev_mode:
        # What packages warn programmers of is not for the person, here or in the worker processes.
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
    if given == [WORKER]:
        return _work()
    return _run(JsonFace() if "--json" in given else TerminalFace(), lambda: _asked(given))


def _run(face: Face, asked: Callable[[], tuple[Operation, dict[str, Any]]]) -> int:
    """Run what is asked and show how it went; returns the exit status."""
    try:
        operation, values = asked()
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


def _asked(given: list[str]) -> tuple[Operation, dict[str, Any]]:
    """The operation and the values on the command line, or on standard input."""
    options = vars(_parser().parse_args(given))
    operation = OPERATIONS[options.pop("operation")]
    from_input = options.pop("parameters") == "-"
    values = {name: value for name, value in options.items() if value is not None and name != "json"}
    if from_input:
        values |= _read_object(sys.stdin.readline())
        threading.Thread(target=_cancel_when_input_ends, daemon=True).start()
    return operation, values


def _work() -> int:
    """Answer requests until the input ends; what is under way then is cancelled."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        _end_everything()

    threading.Thread(target=listen, daemon=True).start()
    with suppress(ImportError):  # what is missing is told where it is needed
        import numpy  # noqa: F401  the first answer comes sooner
        import pyogrio  # noqa: F401
        import rasterio  # noqa: F401
    own = dict(os.environ)
    while True:
        _run(JsonFace(), partial(_requested, lines.get()))
        os.environ.clear()  # no secret stays for the next request
        os.environ.update(own)


def _requested(line: str) -> tuple[Operation, dict[str, Any]]:
    request = _read_object(line)
    os.environ.update(request.get("environment", {}))
    name = str(request.get("operation"))
    if name not in OPERATIONS:
        raise ParameterError(f"There is no operation {name!r}.")
    return OPERATIONS[name], dict(request.get("parameters", {}))


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with the options as any other wrong parameter."""

    def error(self, message: str) -> NoReturn:
        raise ParameterError(f"{message[:1].upper()}{message[1:]}. {self.prog} --help tells the options.")


def _read_object(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
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
