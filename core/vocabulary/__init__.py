"""The words of the field: bands, indices, classes. Standard library only; QGIS imports them too."""
