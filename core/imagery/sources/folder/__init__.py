"""A folder of GeoTIFFs."""
