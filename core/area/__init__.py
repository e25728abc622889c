"""The area of interest: reading it, cutting it, and estimates of what it takes."""
