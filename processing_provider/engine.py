"""The engine's client: runs an operation in a child process and speaks its protocol (see core/__main__.py).

The parameters go to the child as one line of JSON on its standard input, which then stays open: the child ends when it
is closed, so also when QGIS dies. Progress, messages, outputs and errors come back as lines of JSON.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .child import Child
from .feedback import RunFeedback
from .interpreter import Interpreter, another_way, find_interpreter, what_is_missing, what_is_out_of_date
from .proxies import proxy_environment
from .translation import tr
from .worker import WORKER

POLL_SECONDS = 0.1
SECONDS_BETWEEN_TIMES_LEFT = 15.0


def run(
    operation: str,
    values: Mapping[str, Any],
    feedback: QgsProcessingFeedback,
    secrets: Mapping[str, str],
    *,
    in_worker: bool = False,
) -> Optional[dict[str, Any]]:
    """Run an operation of the engine with plain values; its outputs by their upper-case names, None when cancelled.

    `secrets` are variables of its environment, beside QGIS's proxy settings. With `in_worker` the worker is asked,
    if there is one. When it returns or raises, no process that it started is left, but for the worker. Raises
    QgsProcessingException with the engine's own message, or with its last words and advice where it died without one.
    """
    interpreter = find_interpreter()
    outdated = what_is_out_of_date()
    if outdated:
        feedback.pushWarning(str(outdated))
    own = {**proxy_environment(), **secrets}
    if in_worker:
        with WORKER.borrowed(interpreter) as worker:
            if worker is not None:
                worker.send({"operation": operation, "parameters": dict(values), "environment": own})
                return _listen(worker, feedback)
    with _started(interpreter, operation, values, own) as child:
        return _listen(child, feedback)


@contextmanager
def _started(
    interpreter: Interpreter, operation: str, values: Mapping[str, Any], own: Mapping[str, str]
) -> Iterator[Child]:
    arguments = [operation, "--json", "--parameters", "-"]
    with Child(interpreter, arguments, {**interpreter.environment(), **own}) as child:
        child.send(values)
        yield child


def _listen(child: Child, feedback: QgsProcessingFeedback) -> Optional[dict[str, Any]]:
    """The outputs of the request, None when cancelled."""
    listener = _Listener(feedback)
    while not feedback.isCanceled():
        message = child.next_message(POLL_SECONDS)
        if message is child.END:
            return _outcome(listener, child)
        if message is not None:
            listener.hear(message)
    return None


class _Listener:
    """Passes on the engine's messages, and keeps its result."""

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        self._feedback = feedback
        self._shown = ("", 0.0)
        self.outputs: Optional[dict[str, Any]] = None
        self.error: Optional[dict[str, str]] = None

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message."""
        if isinstance(self._feedback, RunFeedback):
            self._feedback.message.emit(message)
        if "progress" in message:
            self._feedback.setProgress(100.0 * message["progress"])
            self._tell_time_left(message.get("left") or "")
        elif "message" in message:
            tell = self._feedback.pushWarning if message.get("level") == "warning" else self._feedback.pushInfo
            tell(message["message"])
        elif "step" in message:
            self._feedback.setProgressText(f"{message['step']} …")
        elif "outputs" in message:
            self.outputs = message["outputs"]
        elif "error" in message:
            self.error = message

    def _tell_time_left(self, left: str) -> None:
        """Only now and then: every text is a line of the log."""
        shown, when = self._shown
        if left and left != shown and time.monotonic() - when > SECONDS_BETWEEN_TIMES_LEFT:
            self._shown = (left, time.monotonic())
            self._feedback.setProgressText(left)


def _outcome(listener: _Listener, child: Child) -> dict[str, Any]:
    """The outputs, or an exception that says why there are none."""
    if listener.error is not None:
        text = listener.error["error"]
        if listener.error.get("kind") == "installation":
            text = str(what_is_missing()) or f"{text}\n{another_way()}"
        raise QgsProcessingException(text)
    if listener.outputs is None:
        raise QgsProcessingException(_last_words(child))
    return listener.outputs


def _last_words(child: Child) -> str:
    status = child.status()
    lines = "\n".join(child.last_lines) or tr("It printed nothing.")
    if status in (-9, 137):
        advice = tr(
            "The system ended it, probably because memory ran out: lower MEMORY and JOBS, or close other programs."
        )
    elif "Traceback" in lines:
        advice = tr("This is an error in Patchwork. Please report it with the lines below.")
    else:
        advice = tr("Finished work is kept: run again to continue. {}").format(another_way())
    return tr("The engine ({}) ended without a result (status {}). {}\n{}").format(
        child.interpreter.python, status, advice, lines
    )
