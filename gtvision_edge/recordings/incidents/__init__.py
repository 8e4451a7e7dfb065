"""Incidents: footage that people decided to keep, and by which reason."""
