"""What is deleted and when, and when recording stops for want of room."""
