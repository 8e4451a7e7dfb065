"""Pictures of readings that come after them, and how long pictures stay."""
