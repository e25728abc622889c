"""What a person sees in QGIS: the dock, the map tools, the options page."""
