"""Runs a program under the system-call list of a systemd unit, without systemd: what the unit's SystemCallFilter= lines
allow, in their order, is loaded by libseccomp; anything else fails with EPERM, as SystemCallErrorNumber= says.

    launch.py UNIT [--without CALL] PROGRAM [ARGUMENT …]

--without takes a call off the list: the control that the list is in force."""

import ctypes
import errno
import os
import pathlib
import re
import subprocess
import sys
ALLOW, REFUSE = 0x7fff0000, 0x00050000 | errno.EPERM  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO (seccomp.h)
UNKNOWN_HERE = -1  # __NR_SCMP_ERROR


def groups():
    """Name of a group -> what it holds: calls and other groups; as this systemd knows them."""
    text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True).stdout
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    found = {}
    for line in text.splitlines():
        if line.startswith("@"):
            found[line.strip()] = members = []
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.append(line.strip())
        elif line and not line.startswith(" "):
            members = []  # what belongs to no group
    return found


def expanded(name, known):
    if not name.startswith("@"):
        return {name}
    return set().union(*(expanded(each, known) for each in known[name]))


def allowed(unit):
    """systemd.exec(5): the first line decides that it is an allow list; later ones add, with ~ they take away."""
    lines = re.findall(r"^SystemCallFilter=(~?)(.+)$", pathlib.Path(unit).read_text(), re.M)
    assert lines and not lines[0][0], f"{unit}: the first SystemCallFilter= must allow"
    known, calls = groups(), set()
    for taken_away, names in lines:
        each = set().union(*(expanded(name, known) for name in names.split()))
        calls = calls - each if taken_away else calls | each
    # What every allow list of systemd holds, so that the program can be started at all.
    return calls | expanded("@default", known) | {"execve"}


def load(calls):
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(library.seccomp_init(REFUSE))
    for call in sorted(calls):
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number != UNKNOWN_HERE:  # else newer than this libseccomp
            # One of another architecture has a number of libseccomp's own and is refused here: so it stays off the list.
            library.seccomp_rule_add(filter_, ALLOW, number, 0)
    failed = library.seccomp_load(filter_)  # takes new privileges away first, as the unit does
    assert failed == 0, os.strerror(-failed)


def main(arguments):
    unit, *rest = arguments
    calls = allowed(unit)
    while rest[0] == "--without":
        calls.remove(rest[1])
        rest = rest[2:]
    load(calls)
    os.execv(rest[0], rest)


if __name__ == "__main__":
    main(sys.argv[1:])
