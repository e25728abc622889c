"""Durations and sizes as text."""

from __future__ import annotations

from ..processing_provider.translation import tr


def minutes_text(minutes: float) -> str:
    """A duration as text."""
    if minutes < 1:
        return tr("a minute")
    if minutes < 90:
        return tr("{:.0f} min").format(minutes)
    return tr("{:.0f} h").format(minutes / 60) if minutes < 72 * 60 else tr("{:.0f} days").format(minutes / 1440)


def size_text(megabytes: float) -> str:
    """A file size as text."""
    if megabytes < 1000:
        return tr("{:.0f} MB").format(max(megabytes, 1))
    return tr("{:.1f} GB").format(megabytes / 1000) if megabytes < 1e6 else tr("{:.1f} TB").format(megabytes / 1e6)
