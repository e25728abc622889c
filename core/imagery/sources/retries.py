"""Waits between attempts at what may succeed later, for tenacity."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from tenacity import wait_random_exponential as wait_random
from tenacity.wait import wait_base

LONGEST_WAIT = 60.0


class PassingFaultError(Exception):
    """A fault that another attempt may overcome: what the service did, and the seconds that it asks to wait."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason, seconds)
        self.reason = reason
        self.seconds = seconds


def growing_wait(first: float) -> wait_base:
    """Waits that start at `first` seconds and double up to `LONGEST_WAIT`, each ± 50 % at random."""
    half = wait_exponential(multiplier=first / 2, max=LONGEST_WAIT / 2)
    return half + wait_random(multiplier=first, max=LONGEST_WAIT)


def seconds_to_wait(header: str | None) -> float:
    """Retry-After of HTTP, which is a number of seconds or a date; 0 if it is missing or neither."""
    text = (header or "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max((moment - datetime.now(timezone.utc)).total_seconds(), 0.0)


def patient_attempts(first: float, attempts: int, longest: float) -> Retrying:
    """Attempts that repeat what raises PassingFaultError, at most `attempts` times and `longest` seconds in all.

    The wait is what the service asks for, at least a growing one; the last error is raised.
    """
    growing = growing_wait(first)

    def wait(state: RetryCallState) -> float:
        return max(growing(state), _requested(state))

    def is_enough(state: RetryCallState) -> bool:
        waited = state.seconds_since_start or 0.0
        return waited + _requested(state) > longest or stop_after_attempt(attempts)(state)

    return Retrying(retry=retry_if_exception_type(PassingFaultError), stop=is_enough, wait=wait, reraise=True)


def _requested(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.seconds if isinstance(error, PassingFaultError) else 0.0
