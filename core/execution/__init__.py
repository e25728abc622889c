"""Parallel execution: processes, threads and memory, and the outcome of each task."""

from .resources import Resources, Share
from .running import run_all

__all__ = ["Resources", "Share", "run_all"]
