"""What the system lets one process have."""

import resource


def raise_file_limit() -> int:
    """Take as many file descriptors as we may without asking anybody; return how many that is.

    Shells and services often start a process with 1024, which cameras, viewers and files of a large site exceed.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
