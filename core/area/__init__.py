"""The area of interest: reading, splitting, and estimates of time and space."""
