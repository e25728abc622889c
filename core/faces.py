"""Output of a run: as text in a terminal, or as JSON lines for programs."""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from typing import Any, Union

from .progress import Level, Progress


class TerminalFace:
    """Text in a terminal: messages and a progress line on standard error, the outputs on standard output."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = -1
        self._is_terminal = sys.stderr.isatty()
        self.progress = Progress(self._on_fraction, self._on_message, self._on_event)

    def _on_fraction(self, fraction: float) -> None:
        percent = int(fraction * 100)
        step = 1 if self._is_terminal else 10
        if percent // step == self._shown // step:
            return
        self._shown = percent
        line = f"{percent:3d} %{time_left(fraction, time.monotonic() - self._began)}"
        self._write(f"\r{line:40s}\r" if self._is_terminal else f"{line}\n")

    def _on_message(self, level: Level, text: str) -> None:
        self._write(f"{'Warning: ' if level == 'warning' else ''}{_printable(text)}\n")

    def _on_event(self, event: dict[str, Any]) -> None:
        if "step" in event:
            self._write(f"{event['step']} …\n")

    def error(self, kind: str, text: str) -> None:
        """Show why the run failed."""
        self._write(f"Error: {_printable(text)}\n")

    def outputs(self, outputs: dict[str, Any]) -> None:
        """Show the outputs."""
        is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        print(json.dumps(_upper(outputs), ensure_ascii=not is_unicode, indent=1))

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class JsonFace:
    """JSON lines for programs: one object per line on standard output."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = -1.0
        self._lock = threading.Lock()
        self.progress = Progress(
            self._on_fraction,
            lambda level, text: self._write(message=text, level=level),
            lambda event: self._write(**event),
        )

    def _on_fraction(self, fraction: float) -> None:
        if fraction - self._shown >= 0.002 or fraction in (0.0, 1.0):
            self._shown = fraction
            left = time_left(fraction, time.monotonic() - self._began).strip(" ,")
            self._write(progress=round(fraction, 4), left=left)

    def error(self, kind: str, text: str) -> None:
        """Write why the run failed."""
        self._write(error=text, kind=kind)

    def outputs(self, outputs: dict[str, Any]) -> None:
        """Write the outputs."""
        self._write(outputs=_upper(outputs))

    def _write(self, **values: Any) -> None:
        with self._lock:
            sys.stdout.write(json.dumps(values) + "\n")
            sys.stdout.flush()


def time_left(fraction: float, seconds: float) -> str:
    """The estimated remaining time, as `, about 3 min left`; empty while it is too early for an estimate."""
    if fraction < 0.03 or seconds < 3 or fraction >= 1:
        return ""
    left = seconds * (1 - fraction) / fraction
    return f", about {math.ceil(left / 60)} min left" if left > 90 else f", about {math.ceil(left)} s left"


def _printable(text: str) -> str:
    """The text without characters that command a terminal: names in it come from files."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)


def _upper(outputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs under their public names; NaN becomes null, as JSON has no NaN."""
    return {
        name.upper(): None if isinstance(value, float) and math.isnan(value) else value
        for name, value in outputs.items()
    }


Face = Union[TerminalFace, JsonFace]
