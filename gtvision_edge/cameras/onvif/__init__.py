"""Asks ONVIF devices who they are and where their streams are, and finds them on the network."""
