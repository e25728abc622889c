"""The built-in sample region."""
