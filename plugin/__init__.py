"""The user interface in QGIS: dock, map tools, options page."""
