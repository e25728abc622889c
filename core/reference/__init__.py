"""The reference: polygons of known class and their labels."""
