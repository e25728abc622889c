"""The log of payments of a workspace, and its budget."""

import csv
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from patchwork.core.errors import ServiceError
from patchwork.core.imagery.sources import ledger as module
from patchwork.core.imagery.sources.ledger import Ledger


def pay(ledger, expected=1.0, units=None, status="200"):
    with ledger.paying("something", expected) as bill:
        bill.status = status
        if units is not None:
            bill.units = units


def rows_of(file):
    with file.open(encoding="utf-8", newline="") as held:
        return list(csv.DictReader(held))


def test_a_request_has_a_line_when_asked_and_one_with_what_became_of_it(tmp_path):
    file = tmp_path / "downloads.csv"
    pay(Ledger(file), 1.0, 0.9)
    asked, paid = rows_of(file)
    assert (asked["status"], paid["status"]) == ("asked", "200")
    assert asked["request"] == paid["request"]
    assert float(paid["processing_units"]) == 0.9


def test_the_budget_is_not_exceeded_by_many_threads(tmp_path):
    ledger = Ledger(tmp_path / "downloads.csv", budget=10.0, connections=16)
    paid = []

    def one(_):
        try:
            with ledger.paying("something", 0.7):
                time.sleep(0.002)
            paid.append(0.7)
        except ServiceError:
            pass

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(50)))
    assert len(paid) == 14  # 14 × 0.7 = 9.8
    with pytest.raises(ServiceError, match=r"budget is used up: 9\.8 of 10\.0 processing units"):
        pay(Ledger(tmp_path / "downloads.csv", budget=10.0), 0.7)


def test_what_a_service_refuses_costs_nothing_and_what_it_cut_off_counts(tmp_path):
    ledger = Ledger(tmp_path / "downloads.csv", budget=1.0)
    for _ in range(5):
        pay(ledger, 1.0, 0.0, "503")
    with pytest.raises(ZeroDivisionError), ledger.paying("something", 0.6) as bill:
        bill.status = str(1 / 0)
    with pytest.raises(ServiceError):
        pay(ledger, 0.6)


def test_a_killed_request_counts_as_paid_and_a_torn_line_does_no_harm(tmp_path):
    file = tmp_path / "downloads.csv"
    ledger = Ledger(file, budget=1.0)
    pay(ledger, 0.4)
    under_way = ledger.paying("killed", 0.5)
    under_way.__enter__()
    with file.open("a", encoding="utf-8") as held:
        held.write("2026-11-24T10:0")
    with pytest.raises(ServiceError, match=r"0\.9 of 1\.0"):
        pay(Ledger(file, budget=1.0), 0.2)
    pay(Ledger(file, budget=1.0), 0.1)
    assert under_way is not None


def test_next_month_begins_with_nothing(tmp_path, monkeypatch):
    file = tmp_path / "downloads.csv"
    pay(Ledger(file, budget=1.0), 1.0)

    class NextMonth(datetime):
        @classmethod
        def now(cls, zone=None):
            today = datetime.now(timezone.utc)
            return today.replace(day=1) + timedelta(days=32)

    monkeypatch.setattr(module, "datetime", NextMonth)
    pay(Ledger(file, budget=1.0), 1.0)


def test_a_month_that_begins_during_a_run_begins_with_nothing(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path / "downloads.csv", budget=1.0)
    pay(ledger, 1.0)
    month = datetime(2024, 2, 29, 23, 59, 59, tzinfo=timezone.utc)

    class Later(datetime):
        @classmethod
        def now(cls, zone=None):
            return month

    monkeypatch.setattr(module, "datetime", Later)
    pay(ledger, 1.0)
    with pytest.raises(ServiceError, match=r"1\.0 of 1\.0"):
        pay(ledger, 0.1)
    month += timedelta(seconds=1)
    pay(ledger, 1.0)


def test_what_another_process_pays_meanwhile_counts(tmp_path):
    file = tmp_path / "downloads.csv"
    ledger, other = Ledger(file, budget=1.0), Ledger(file)
    pay(ledger, 0.4)
    pay(other, 0.5)
    with pytest.raises(ServiceError, match=r"0\.9 of 1\.0"):
        pay(ledger, 0.2)
    pay(ledger, 0.1)
    with file.open(encoding="utf-8") as held:
        assert sum(1 for _ in held) == 1 + 3 * 2


def test_no_more_are_under_way_than_there_are_connections(tmp_path):
    ledger = Ledger(tmp_path / "downloads.csv", connections=3)
    under_way, most = [], []

    def one(number):
        with ledger.paying("something", 0.1):
            under_way.append(number)
            most.append(len(under_way))
            time.sleep(0.01)
            under_way.remove(number)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(40)))
    assert max(most) == 3


def test_requests_keep_their_distance(tmp_path):
    ledger = Ledger(tmp_path / "downloads.csv", rate=1200.0, connections=8)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pay(ledger), range(11)))
    assert time.monotonic() - began >= 10 * 60 / 1200
