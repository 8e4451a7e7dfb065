"""Arrangements of cameras that people share."""
