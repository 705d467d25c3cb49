"""Run a program as an ordinary user of a new user namespace: `python namespace.py UID GID PROGRAM …`.

For root, whose servers refuse to be root. Inside, the given user stands for root: what belongs to root belongs to the
program, which sees itself as that user and has none of root's capabilities. The process id stays the same.
Linux only; started by its path, with nothing of VoteWave imported. Where the kernel forbids it, it says so and ends
with status 1.
"""

import ctypes
import os
import sys

_CLONE_NEWUSER = 0x10000000


def main(uid: str, gid: str, program: str, *arguments: str) -> int:
    """Become the user, then the program; return 1 if that can't be done."""
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    try:
        os.setgroups([])  # none of root's groups either; inside, nobody may change that
        _unshare()
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {outside_uid} 1"),
            ("gid_map", f"{gid} {outside_gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - pathlib takes longer to import than all this
                file.write(text)
        os.execv(program, [program, *arguments])  # noqa: S606 - that is what it is for
    except (OSError, AttributeError) as error:
        sys.stderr.write(f"no user namespace here: {error}\n")
    return 1


def _unshare() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare failed")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
