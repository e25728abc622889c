"""Waits between attempts at what may succeed later, for tenacity."""

from __future__ import annotations

from tenacity import wait_exponential, wait_random_exponential
from tenacity.wait import wait_base

LONGEST_WAIT = 60.0


def growing_wait(first: float) -> wait_base:
    """Waits that start at `first` seconds and double up to `LONGEST_WAIT`, each ± 50 % at random."""
    half = wait_exponential(multiplier=first / 2, max=LONGEST_WAIT / 2)
    return half + wait_random_exponential(multiplier=first, max=LONGEST_WAIT)
