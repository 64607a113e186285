"""Packet sockets: refusals have a sentence, the ring's size gives way to the memory there is."""

from __future__ import annotations

import errno
import socket
import struct
import subprocess
import sys

import pytest

from tests.helpers.namespaces import WITHOUT_CAPABILITIES
from trafficdesk.capture.packet_socket import ask, request_ring

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are Linux's")


class Kernel:
    """Stands in for a socket whose kernel has memory for `blocks` blocks of the ring."""

    def __init__(self, blocks: int, number: int = errno.ENOMEM) -> None:
        self.blocks, self.number = blocks, number
        self.asked: list[int] = []

    def setsockopt(self, _level: int, _name: int, value: bytes) -> None:
        _, blocks, _, frames, *_ = struct.unpack("=7I", value)
        assert frames * 2_048 == blocks << 20
        self.asked.append(blocks)
        if blocks > self.blocks:
            raise OSError(self.number, "no")


@pytest.mark.parametrize(
    ("there", "expected"), [(64, [64]), (9, [64, 32, 16, 8]), (1, [64, 32, 16, 8, 4, 2, 1])]
)
def test_smaller_rings_are_tried(there: int, expected: list[int]) -> None:
    """The ring is halved until the kernel has memory for it."""
    kernel = Kernel(there)
    assert request_ring(kernel, 64 << 20) == expected[-1]  # type: ignore[arg-type]
    assert kernel.asked == expected


@pytest.mark.parametrize("kernel", [Kernel(0), Kernel(0, errno.EINVAL)])
def test_a_kernel_that_gives_none_is_an_error(kernel: Kernel) -> None:
    """No memory even for the smallest, or another refusal, ends the trying."""
    with pytest.raises(OSError, match="no"):
        request_ring(kernel, 2 << 20)  # type: ignore[arg-type]


def test_an_interface_is_asked_for_its_index() -> None:
    """The socket's own namespace answers; a name nobody has is an error."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        assert ask(any_socket, 0x8933, "lo", "=i") == socket.if_nametoindex("lo")
        with pytest.raises(OSError, match="No such device"):
            ask(any_socket, 0x8933, "nothing0", "=i")


def refused(program: str) -> str:
    """What `program` prints when somebody without any capability runs it."""
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_CAPABILITIES + program],
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout


def test_without_permission_the_exact_command_is_named() -> None:
    """The error says why and what to run: the terminal command that asks for sudo, or what lasts."""
    shown = refused(
        "from trafficdesk.capture.packet_socket import raw_socket\n"
        "from trafficdesk.errors import PermissionDenied\n"
        "try:\n    raw_socket(3)\nexcept PermissionDenied as error:\n    print(error.title); print(error.hint)\n"
    )
    assert "CAP_NET_RAW" in shown
    assert "Run: " in shown
