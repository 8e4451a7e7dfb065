"""Recorded footage as browsers and players get it: playlists of byte ranges, and the bytes."""
