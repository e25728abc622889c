"""Sentinel-2 products as delivered."""
