"""The dock in the real QGIS window: small and large screens, larger text, a dark theme."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("screen", "text", "theme"), [("1366x768", "96", "default"), ("1366x768", "144", "Night Mapping")]
)
def test_nothing_is_cut_off(play, places, screen, text, theme):
    told = play("looks_story", PATCHWORK_SCREEN=screen, PATCHWORK_THEME=theme, QT_FONT_DPI=text, **places)
    if text == "96":  # with larger text QGIS itself is wider, and sections are higher than the screen
        assert {told["scrolled"][f"{name}, 320"] for name in ("Area", "Method", "Maps")} == {0}
        assert told["size"] == [int(number) for number in screen.split("x")]
    assert max(told["painted"].values()) <= 2  # nothing paints itself without end
    assert {name: found for name, found in told["cut"].items() if found} == {}
