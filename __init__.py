"""Patchwork: land-cover maps from Sentinel-2 time series, in QGIS. QGIS loads this folder as a plugin."""


def classFactory(iface):
    """The plugin, for QGIS."""
    from .plugin.plugin import PatchworkPlugin

    return PatchworkPlugin(iface)
