"""What was recorded when, what is missing and why."""
