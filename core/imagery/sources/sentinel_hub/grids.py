"""The pixel grids that the Process API delivers."""

from __future__ import annotations

# Metres; the services refuse larger pixels of Sentinel-2. The limits of the other collections are not documented.
COARSEST = 1500.0

# https://documentation.dataspace.copernicus.eu/APIs/SentinelHub/Process/Crs.html
_NATIONAL = (
    "2154 2180 2193 3003 3004 3005 3006 3031 3035 3161 3346 3413 3416 3578 3580 3765 3794 3844 3912 3995 4026 5514 "
    "28992 32184"
)
EPSG_CODES = frozenset((4326, 3857, *range(32601, 32661), *range(32701, 32761), *map(int, _NATIONAL.split())))
