"""Drawn street cameras for trials and tests."""
