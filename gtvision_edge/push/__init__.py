"""Tells people's phones and browsers what cannot wait until they look: Web Push, durable until it is sent."""
