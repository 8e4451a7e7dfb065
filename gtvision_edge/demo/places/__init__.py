"""The demo's places: each draws its empty street once and says how light falls there."""
