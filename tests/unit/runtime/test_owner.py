"""Root works as the owner of the site's folder."""

import os
import subprocess
import sys
from pathlib import Path

from gtvision_edge.runtime.owner import act_as_owner_of
from tests.parts import lacking

NOBODY = 65534
PROGRAM = """
import os, sys
from pathlib import Path
from gtvision_edge.runtime.owner import act_as_owner_of
act_as_owner_of(Path(sys.argv[1]))
print(os.getresuid(), os.getresgid(), 0 in os.getgroups())
"""


def test_root_becomes_the_owner_for_good(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        lacking("only root can become somebody else")
    os.chown(tmp_path, NOBODY, NOBODY)

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == f"{(NOBODY,) * 3} {(NOBODY,) * 3} False"


def test_an_own_or_a_missing_folder_changes_nothing(tmp_path: Path) -> None:
    before = os.getresuid(), os.getresgid()

    act_as_owner_of(tmp_path)
    act_as_owner_of(tmp_path / "nothing")

    assert (os.getresuid(), os.getresgid()) == before
