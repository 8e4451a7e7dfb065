"""The Debian package in a booted system: `make test-deb`. Needs root; nothing here runs with the other tests."""
