"""The command line: each subcommand a few lines over the services."""


def main() -> None:
    """Run the subcommand named on the command line."""
    raise SystemExit(2)
