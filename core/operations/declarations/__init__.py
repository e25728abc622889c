"""Parameters that several operations share."""
