"""Finds recorded files, reads what they say of themselves and puts them into the index."""
