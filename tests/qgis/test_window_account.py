"""The real QGIS window, driven with real mouse and key events: an account and its costs."""

from __future__ import annotations

import re


def test_the_account_is_tested_and_costs_of_imagery_are_shown_before_the_download(play, hub, tmp_path):
    told = play("account_story", **{**hub, "HUB_URL": hub["url"]})
    assert re.match(r"Signed in, [\d ]+ processing units left", told["signed_in"])
    assert "does not accept the account" in told["wrong"]
    assert told["listed"][0] == "No Authentication"
    assert sorted(told["listed"][1:]) == ["Twin (R)", "Twin (W)"]
    assert told["shown"] == ["No Authentication", True, "Twin (R) (set in the options)", "othe123", True, True]
    assert told["chosen"]
    assert told["by_default"].startswith("Signed in")
    assert re.match(r"\d+ acquisitions, 1 processing unit, .* to download", told["costs"])
    assert told["quick_look"]
    known = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "qgis-auth.db"]
    assert any("AUTH" in path.read_text(encoding="utf-8", errors="ignore") for path in known if path.suffix == ".qgs")
    assert not [path for path in known if hub["SH_CLIENT_SECRET"].encode() in path.read_bytes()]
