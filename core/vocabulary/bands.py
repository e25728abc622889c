"""The names of bands."""

from __future__ import annotations

# The input of s2cloudless, in its order.
DETECTOR_BANDS = ("B01", "B02", "B04", "B05", "B08", "B8A", "B09", "B10", "B11", "B12")

RADAR_BANDS = ("VV", "VH", "HH", "HV")

# Reflectance and backscatter: a pixel has data where all of those in use have data.
MEASURED_BANDS = (*DETECTOR_BANDS, "B03", "B06", "B07", *RADAR_BANDS)

# Classes and bits, which are never averaged: Sen2Cor's scene classification, Landsat's quality assessment.
CATEGORICAL_BANDS = ("SCL", "QA")
