"""Tests that are skipped: a run of all tests fails where the reason is not on the list."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from skips import NO_REAL_DATA, not_allowed, read_skips  # noqa: E402

TESTS = f"""
import pytest

def test_that_runs():
    pass

@pytest.mark.skip(reason="not today")
def test_by_mark():
    pass

@pytest.fixture
def data():
    pytest.skip("{NO_REAL_DATA} /nowhere; set PATCHWORK_REALDATA")

def test_on_data(data):
    pass

@pytest.mark.xfail(reason="a known fault")
def test_that_fails():
    assert False

@pytest.fixture
def disk():
    pytest.skip("a small disk can only be mounted by root on Linux")

@pytest.mark.parametrize("size", [1, 2])
def test_disk(disk, size):
    pass
"""


@pytest.fixture(scope="module")
def skipped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tests")
    (folder / "test_some.py").write_text(TESTS, encoding="utf-8")
    (folder / "test_whole.py").write_text("import pytest\npytest.importorskip('no_such_module')", encoding="utf-8")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", "."]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return read_skips(report)


def test_every_skipped_test_is_read_with_its_reason(skipped):
    reasons = {skip.test.rpartition("::")[2]: skip.reason for skip in skipped}
    assert len(skipped) == len(reasons) == 6
    assert reasons["test_by_mark"] == "not today"
    assert reasons["test_that_fails"] == "a known fault"
    assert reasons["test_disk[1]"] == reasons["test_disk[2]"] == "a small disk can only be mounted by root on Linux"
    assert any("no_such_module" in reason for reason in reasons.values())


def test_only_reasons_on_the_list_are_allowed(skipped, tmp_path):
    def names(folder):
        return {skip.test.rpartition("::")[2] for skip in not_allowed(skipped, [folder])}

    whole = {"test_by_mark", "test_that_fails", "test_whole"}
    assert names(tmp_path) == whole
    (tmp_path / "README.md").write_text("real data", encoding="utf-8")
    assert names(tmp_path) == {*whole, "test_on_data"}
