"""The pixel grid that all rasters of a run lie on, and neighbourhoods of its pixels."""
