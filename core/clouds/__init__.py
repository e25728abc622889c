"""Clouds: probability, masks, and statistics of the valid observations."""
