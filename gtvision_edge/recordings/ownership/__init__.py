"""Gives a directory of footage its marker back where the index knows whose files lie in it."""
