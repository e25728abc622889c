"""Accuracy and area of maps from independent samples, validation points, and change between maps."""
