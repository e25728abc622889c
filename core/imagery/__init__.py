"""Imagery: where it comes from, and how it reaches the workspace."""
