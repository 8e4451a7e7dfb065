"""The volume that holds recordings."""
