"""Sentinel Hub and the Copernicus Data Space Ecosystem."""
