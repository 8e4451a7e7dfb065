"""Root who runs a command over a site works as the site's own user, so that nothing becomes root's in its folder."""

import os
import pwd
from pathlib import Path


def act_as_owner_of(folder: Path) -> None:
    """Give up root for good in favour of the owner of *folder*, if they differ.

    Does nothing for anyone but root, and where *folder* is root's or does not exist. Call it before the first thread
    starts and before any file of the site is opened: a database that root opens leaves a journal that the daemon cannot write.
    """
    if os.geteuid() != 0:
        return
    try:
        found = folder.stat()
    except OSError:
        return
    if found.st_uid == 0:
        return
    try:
        name = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:  # an owner without a name: no further groups
        os.setgroups([])
    else:
        os.initgroups(name, found.st_gid)
    os.setgid(found.st_gid)
    os.setuid(found.st_uid)
