"""Compares disk and index in both directions, says what does not fit, and mends what can be mended without losing anything."""
