"""Progress and messages of a run, from the steps to whichever face started it."""

from __future__ import annotations

from typing import Callable, Literal

Level = Literal["info", "warning"]


class Progress:
    """Where a step tells how far it is (0 to 1) and what a person should know.

    `part(start, stop)` gives a Progress whose 0 to 1 is that part of this one, so that a step does not know whether it
    runs alone or as one of many. The base class is silent.
    """

    def __init__(
        self,
        on_fraction: Callable[[float], None] = lambda fraction: None,
        on_message: Callable[[Level, str], None] = lambda level, text: None,
    ) -> None:
        self._on_fraction = on_fraction
        self._on_message = on_message

    def report(self, fraction: float) -> None:
        """Tell how much is done, 0 to 1."""
        self._on_fraction(min(max(fraction, 0.0), 1.0))

    def info(self, text: str) -> None:
        """Tell something good to know."""
        self._on_message("info", text)

    def warning(self, text: str) -> None:
        """Tell something the person should act on."""
        self._on_message("warning", text)

    def part(self, start: float, stop: float) -> Progress:
        """The part of this progress from `start` to `stop`."""
        return Progress(lambda fraction: self.report(start + (stop - start) * fraction), self._on_message)
