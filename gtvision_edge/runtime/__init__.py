"""What a daemon needs and that knows no camera: time, supervised tasks, events, logs, metrics, systemd."""
