#!/usr/bin/python3 -I
"""The only part of TrafficDesk that runs with raised rights: opens packet sockets, passes them on, exits.

    python3 -I helper.py SOCKET

SOCKET is a Unix socket on which TrafficDesk waits. The packet sockets have protocol 0, so they receive nothing; the
helper attaches nothing, binds nothing and reads no packet. Source: packet(7), unix(7), capabilities(7).
"""

import ctypes
import os
import signal
import socket
import stat
import struct
import sys

GREETING = b"TrafficDesk packet sockets, version 1\n"
EACH = 8
"""Sockets of each kind: several interfaces, and opening them again, need one authorisation."""
SECONDS = 10
NOBODY = 65_534


def main(arguments: list[str]) -> int:
    """Do it; returns the exit code: 0 done, 2 wrong usage, 3 nobody to trust at SOCKET, 4 no right to open sockets."""
    if len(arguments) != 1:
        return refuse(2, "usage: helper.py SOCKET")
    signal.alarm(SECONDS)
    user = invoking_user()
    try:
        kinds = (socket.SOCK_RAW,) * EACH + (socket.SOCK_DGRAM,) * EACH
        opened = [socket.socket(socket.AF_PACKET, kind, 0) for kind in kinds]
    except OSError as error:
        return refuse(4, f"Packet sockets can't be opened: {error.strerror}.")
    try:
        drop_rights(user)
        # From here on this is the user who asked: no path leads where that user could not go.
        found = os.lstat(arguments[0])
        if not stat.S_ISSOCK(found.st_mode) or found.st_uid != user:
            return refuse(3, "SOCKET is no Unix socket of the user who asked.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
            wire.settimeout(SECONDS)
            wire.connect(arguments[0])
            if struct.unpack("3i", wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1] != user:
                return refuse(3, "Somebody else than the user who asked listens at SOCKET.")
            socket.send_fds(wire, [GREETING], [each.fileno() for each in opened])
            wire.shutdown(socket.SHUT_WR)
            return 0 if wire.recv(1) == b"+" else refuse(3, "TrafficDesk did not take the sockets.")
    except (OSError, ValueError) as error:
        return refuse(3, f"SOCKET can't be used: {error}.")


def invoking_user() -> int:
    """Whoever asked pkexec or sudo, which say so truthfully; without them whoever runs this."""
    if os.getuid() == 0:
        for name in ("PKEXEC_UID", "SUDO_UID"):
            if os.environ.get(name, "").isdecimal():
                return int(os.environ[name])
    return os.getuid()


def drop_rights(user: int) -> None:
    """Become `user` without any capability, for good."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(user, user, user)
    version_3 = struct.pack("=Ii", 0x20080522, 0)
    if ctypes.CDLL(None).capset(version_3, bytes(24)) != 0:
        raise OSError("the capabilities can't be dropped")


def refuse(code: int, sentence: str) -> int:
    """Say why on stderr."""
    sys.stderr.write(f"trafficdesk-capture-helper: {sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
