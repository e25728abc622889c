"""Patchwork's algorithms in QGIS Processing, and the client of the engine that runs them."""
