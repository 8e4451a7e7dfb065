"""Other people's programs that judge what we made."""

import os
import shutil
import subprocess

import pytest


def run_tool(name: str, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """Run the program *name*; return its exit code and what it wrote. A missing one skips the test, and fails it in CI."""
    program = shutil.which(name)
    if program is None:
        reason = f"{name} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        [program, *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=20,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")
