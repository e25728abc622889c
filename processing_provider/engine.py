"""The engine's client: runs an operation in a child process and speaks its protocol (see core/__main__.py).

The parameters go to the child as one line of JSON on its standard input, which then stays open: the child ends when it
is closed, so also when QGIS dies. Progress, messages, outputs and errors come back as lines of JSON.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess  # nosec B404
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import IO, Any, Callable, Optional

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .interpreter import INSTALL, LAUNCHER, Interpreter, another_way, find_interpreter
from .processes import end_group, own_group
from .proxies import proxy_environment
from .translation import tr

POLL_SECONDS = 0.1
SECONDS_TO_END = 2.0
SECONDS_BETWEEN_TIMES_LEFT = 15.0
LINES_IN_ERROR = 30
TRACKER = "https://github.com/patchwork-landcover/patchwork/issues"


def run(
    operation: str, values: Mapping[str, Any], feedback: QgsProcessingFeedback, secrets: Mapping[str, str]
) -> Optional[dict[str, Any]]:
    """Run an operation of the engine with plain values; its outputs by their upper-case names, None when cancelled.

    `secrets` are variables of its environment, beside QGIS's proxy settings.
    When it returns or raises, no process that it started is left. Raises QgsProcessingException with the engine's own
    message, or with its last words and advice where it died without one.
    """
    interpreter = find_interpreter()
    if interpreter.is_out_of_date():
        feedback.pushWarning(
            tr("The engine's packages were installed for another version of Patchwork or Python. {}").format(INSTALL)
        )
    environment = {**interpreter.environment(), **proxy_environment(), **secrets}
    with _Child(interpreter, operation, values, environment) as child:
        listener = _Listener(feedback)
        while not feedback.isCanceled():
            message = child.next_message(POLL_SECONDS)
            if message is child.END:
                return _outcome(listener, child, interpreter)
            if message is not None:
                listener.hear(message)
    return None


class _Listener:
    """Hands on what the engine tells, and remembers how it ended."""

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        self._feedback = feedback
        self._said = ("", 0.0)
        self.outputs: Optional[dict[str, Any]] = None
        self.error: Optional[dict[str, str]] = None

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message."""
        if "progress" in message:
            self._feedback.setProgress(100.0 * message["progress"])
            self._tell_time_left(message.get("left") or "")
        elif "message" in message:
            tell = self._feedback.pushWarning if message.get("level") == "warning" else self._feedback.pushInfo
            tell(message["message"])
        elif "outputs" in message:
            self.outputs = message["outputs"]
        elif "error" in message:
            self.error = message

    def _tell_time_left(self, left: str) -> None:
        """Not more than now and then: every text is a line of the log."""
        said, when = self._said
        if left and left != said and time.monotonic() - when > SECONDS_BETWEEN_TIMES_LEFT:
            self._said = (left, time.monotonic())
            self._feedback.setProgressText(left)


def _outcome(listener: _Listener, child: _Child, interpreter: Interpreter) -> dict[str, Any]:
    """The outputs, or an exception that says why there are none."""
    if listener.error is not None:
        text = listener.error["error"]
        if listener.error.get("kind") == "installation":
            text = f"{text}\n{another_way()}"
        raise QgsProcessingException(text)
    if listener.outputs is None:
        raise QgsProcessingException(_last_words(child, interpreter))
    return listener.outputs


def _last_words(child: _Child, interpreter: Interpreter) -> str:
    status = child.status()
    lines = "\n".join(child.last_lines) or tr("It wrote nothing.")
    if status in (-9, 137):
        advice = tr(
            "The system ended it, most likely for want of memory: lower MEMORY and JOBS, or close other programs."
        )
    elif "Traceback" in lines:
        advice = tr("This is a fault of Patchwork: please report it with the lines below. {}").format(TRACKER)
    else:
        advice = tr("What is done is kept: run again to go on. {}").format(another_way())
    return tr("The engine ({}) ended without a result (status {}). {}\n{}").format(
        interpreter.python, status, advice, lines
    )


class _Child:
    """The engine's process and all that it starts, ended when the block ends."""

    END = object()

    def __init__(
        self, interpreter: Interpreter, operation: str, values: Mapping[str, Any], environment: Mapping[str, str]
    ) -> None:
        self._messages: queue.Queue[Any] = queue.Queue()
        self.last_lines: deque[str] = deque(maxlen=LINES_IN_ERROR)
        try:
            self._process = subprocess.Popen(  # nosec B603
                [interpreter.python, "-m", "patchwork.core", operation, "--json", "--parameters", "-"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env=dict(environment),
                cwd=str(LAUNCHER),  # `-m` puts the working folder in front of all packages
                **own_group(),
            )
        except OSError as error:
            raise QgsProcessingException(
                tr("The Python interpreter {} cannot be started ({}). {}").format(
                    interpreter.python, error.strerror or error, another_way()
                )
            ) from error
        self._threads = [
            self._listen(self._process.stdout, self._on_line, self._messages.put),
            self._listen(self._process.stderr, self._on_error_line, lambda end: None),
        ]
        try:
            self._process.stdin.write(json.dumps(dict(values)) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it died at once; what it wrote before tells why

    def next_message(self, seconds: float) -> Any:
        """The next message, None where none came in time, END when there will be none."""
        try:
            return self._messages.get(timeout=seconds)
        except queue.Empty:
            if self._process.poll() is not None:
                end_group(self._process)  # a worker that outlives the engine would keep its output open
            return None

    def status(self) -> int:
        """The exit status, once its output has ended."""
        try:
            return self._process.wait(SECONDS_TO_END)
        finally:
            self._threads[1].join(SECONDS_TO_END)

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *reason: object) -> None:
        """Ask it to end by closing its input, wait a little, then end it and all that it started."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_END)
        end_group(self._process)
        self._process.wait()
        for thread in self._threads:
            thread.join(SECONDS_TO_END)
        for pipe in (self._process.stdout, self._process.stderr):
            pipe.close()

    def _on_line(self, line: str) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if isinstance(message, dict):
            self._messages.put(message)
        else:
            self._on_error_line(line)  # a library that prints

    def _on_error_line(self, line: str) -> None:
        if line.strip():
            self.last_lines.append(line.rstrip())

    def _listen(
        self, pipe: IO[str], on_line: Callable[[str], None], on_end: Callable[[object], None]
    ) -> threading.Thread:
        def listen() -> None:
            try:
                for line in pipe:
                    on_line(line)
            except ValueError:
                pass  # closed while reading
            on_end(self.END)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        return thread
