"""The one place that runs things in parallel: how many at a time, with how much memory, and how each ended."""

from .resources import Resources, Share
from .running import run_all

__all__ = ["Resources", "Share", "run_all"]
