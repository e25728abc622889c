"""Patchwork's algorithms in QGIS Processing, and the way to the engine that runs them."""
