"""The engine's command line: `python -m patchwork.core OPERATION --parameter value …`, also installed as `patchwork`.

Progress and messages are written to standard error, the outputs at the end to standard output as one JSON object. With
`--json`, standard output has JSON lines instead: progress, messages, then outputs or a typed error. With
`--parameters -`, the parameters are read as one line of JSON from standard input; the run is cancelled when that ends.

`python -m patchwork.core worker` answers requests until its standard input ends. A request is a line of JSON,
`{"operation": …, "parameters": …, "environment": …}`; the answer is JSON lines up to its outputs or error.

Exit status: 0 done, 1 failed with a message, 2 wrong parameters, 130 cancelled.
"""

from __future__ import annotations

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

from .command_line import parse
from .errors import MissingPackageError, ParameterError, PatchworkError
from .faces import Face, JsonFace, TerminalFace
from .operations import OPERATIONS, destinations_of, execute
from .parameters import Operation
from .system import interrupt

DONE, FAILED, WRONG_PARAMETERS, CANCELLED = 0, 1, 2, 130
WORKER = "worker"


def main(arguments: list[str] | None = None) -> int:
    """Run one operation, or a worker; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    signal.signal(signal.SIGTERM, lambda number, frame: interrupt())
    if not sys.flags.dev_mode:
        # Warnings of packages for developers are not for users, here or in worker processes.
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
    if given == [WORKER]:
        return _work()
    return _run(JsonFace() if "--json" in given else TerminalFace(), lambda: _given_request(given))


def _run(face: Face, read_request: Callable[[], tuple[Operation, dict[str, Any]]]) -> int:
    """Run the requested operation and show its outputs or error; returns the exit status."""
    try:
        operation, values = read_request()
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
        with suppress(OSError):  # the process that would read it may have ended
            face.error("cancelled", "Cancelled. What is done is kept; run again to continue.")
            sys.stdout.flush()
        _end_everything()
    except MemoryError:
        face.error("memory", "There is not enough memory. Lower MEMORY or JOBS, or close other programs.")
        return FAILED
    except Exception as error:
        traceback.print_exc()
        face.error("internal", f"{type(error).__name__}: {error}. This is a bug in Patchwork; please report it.")
        return FAILED
    face.outputs(outputs)
    return DONE


def _given_request(given: list[str]) -> tuple[Operation, dict[str, Any]]:
    """The operation and the values from the command line, or from standard input."""
    operation, values = parse(given)
    del values["json"]
    if values.pop("from_input", None):
        values |= _read_object(sys.stdin.readline())
        threading.Thread(target=_cancel_when_input_ends, daemon=True).start()
    return operation, values


def _work() -> int:
    """Answer requests until the input ends; a request that is running then is cancelled."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        _end_everything()

    threading.Thread(target=listen, daemon=True).start()
    with suppress(ImportError):  # a missing package is reported where it is needed
        import numpy  # noqa: F401  for a faster first answer
        import pyogrio  # noqa: F401
        import rasterio  # noqa: F401
    original = dict(os.environ)
    while True:
        _run(JsonFace(), partial(_worker_request, lines.get()))
        os.environ.clear()  # the next request gets no secrets of this one
        os.environ.update(original)


def _worker_request(line: str) -> tuple[Operation, dict[str, Any]]:
    request = _read_object(line)
    os.environ.update(request.get("environment", {}))
    name = str(request.get("operation"))
    return OPERATIONS[name], dict(request.get("parameters", {}))


def _read_object(line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ParameterError("Standard input must contain the parameters as a JSON object on one line.")
    return values


def _check_python() -> None:
    if sys.version_info < (3, 10):
        raise MissingPackageError(
            f"The engine needs Python 3.10 or newer; {sys.executable} is {sys.version.split()[0]}. Choose another "
            "interpreter in the options or in the environment variable PATCHWORK_PYTHON."
        )


def _how_to_install(error: ImportError) -> str:
    requirements = Path(__file__).parents[1] / "requirements.txt"
    return (
        f"The package {error.name or error} is missing in the interpreter {sys.executable}. Install all missing "
        f'packages with: "{sys.executable}" -m pip install -r "{requirements}"'
    )


def _cancel_when_input_ends() -> None:
    """Cancel when the parent process closes standard input or ends."""
    while sys.stdin.readline():
        pass
    interrupt()
    time.sleep(3)  # for computations that do not react to the signal
    _end_everything()


def _end_everything() -> NoReturn:
    """Exit at once; worker processes end when this process does."""
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(CANCELLED)


if __name__ == "__main__":
    sys.exit(main())
