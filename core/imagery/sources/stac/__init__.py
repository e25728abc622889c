"""STAC catalogues."""
