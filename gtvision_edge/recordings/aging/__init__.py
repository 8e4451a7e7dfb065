"""How old footage is for deletion: by its own times, or, where a wrong clock named it, from when it was indexed."""
