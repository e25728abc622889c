"""Waits between attempts."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from tenacity import RetryCallState, Retrying

from patchwork.core.imagery.sources.retries import (
    PassingFaultError,
    growing_wait,
    patient_attempts,
    seconds_to_wait,
)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.5), (2, 1.0), (5, 8.0), (8, 60.0), (40, 60.0)])
def test_waits_double_up_to_a_minute_and_vary_by_half(attempt, seconds):
    wait = growing_wait(0.5)
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    waits = [wait(state) for _ in range(2000)]
    assert 0.5 * seconds <= min(waits) < 0.55 * seconds
    assert 1.45 * seconds < max(waits) <= 1.5 * seconds


def test_retry_after_is_a_number_of_seconds_or_a_date():
    assert seconds_to_wait("7") == 7.0
    later = datetime.now(timezone.utc) + timedelta(seconds=90)
    assert seconds_to_wait(format_datetime(later, usegmt=True)) == pytest.approx(90, abs=2)
    assert seconds_to_wait(format_datetime(later - timedelta(hours=1), usegmt=True)) == 0.0
    assert [seconds_to_wait(text) for text in (None, "", "soon", "-3", "1e9")] == [0.0] * 5


def test_attempts_are_limited_by_number_and_by_time():
    tried = []

    def fail(seconds):
        tried.append(seconds)
        raise PassingFaultError("busy", seconds)

    with pytest.raises(PassingFaultError):
        patient_attempts(0.001, 3, 60.0)(fail, 0.0)
    assert len(tried) == 3
    with pytest.raises(PassingFaultError):
        patient_attempts(0.001, 3, 60.0)(fail, 61.0)  # would wait too long: not at all
    assert len(tried) == 4
