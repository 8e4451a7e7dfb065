"""Where readings are found by their vehicle."""
