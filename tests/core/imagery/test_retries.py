"""Waits between attempts."""

import pytest
from tenacity import RetryCallState, Retrying

from patchwork.core.imagery.sources.retries import growing_wait


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.5), (2, 1.0), (5, 8.0), (8, 60.0), (40, 60.0)])
def test_waits_double_up_to_a_minute_and_vary_by_half(attempt, seconds):
    wait = growing_wait(0.5)
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    waits = [wait(state) for _ in range(2000)]
    assert 0.5 * seconds <= min(waits) < 0.55 * seconds
    assert 1.45 * seconds < max(waits) <= 1.5 * seconds
