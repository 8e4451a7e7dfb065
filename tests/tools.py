"""Other people's programs that judge what we made."""

import os
import subprocess

from tests.parts import program


def run_tool(name: str, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """Run the program *name*; return its exit code and what it wrote. A missing one skips the test, and fails it in CI."""
    done = subprocess.run(
        [program(name), *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=20,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")
