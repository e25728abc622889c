"""Mapping: classification, smoothing, mosaics."""
