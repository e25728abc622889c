"""The pixel grid of all rasters of a run, windows and patches of it, and neighbourhoods of pixels."""
