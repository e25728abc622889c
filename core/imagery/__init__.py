"""Imagery: sources, and finding and fetching scenes."""
