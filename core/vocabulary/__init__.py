"""Bands, spectral indices, classes and plurals. Standard library only; QGIS imports them too."""
