"""Capture filters: BPF expressions compiled by libpcap, or by tcpdump where libpcap can't be loaded."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import threading
from typing import Any, Final, NamedTuple

from trafficdesk.errors import BadCaptureFilter

_MAXIMUM_SNAP: Final = 262_144
_ETHERNET: Final = 1
_NO_NETMASK: Final = 0xFFFFFFFF
"""PCAP_NETMASK_UNKNOWN."""
_RETURN: Final = 0x06
"""BPF_RET | BPF_K: keep so many bytes of the frame."""
_TCPDUMP_LINK_NAMES: Final = {1: "EN10MB", 12: "RAW", 101: "RAW"}
_FILTER_HINT: Final = "Write it as tcpdump takes it, for example: tcp port 443 and not host 10.0.0.1"
_COMPILING: Final = threading.Lock()
"""libpcap's compiler was not thread-safe before 1.8."""


class Instruction(NamedTuple):
    """One BPF instruction."""

    code: int
    jump_true: int
    jump_false: int
    k: int


def check_filter(expression: str) -> str | None:
    """Why `expression` is no capture filter for Ethernet; None = it is one. Needs no permission."""
    try:
        compile_filter(expression)
    except BadCaptureFilter as error:
        return error.title
    return None


def compile_filter(
    expression: str, *, link_type: int = _ETHERNET, snap_length: int = _MAXIMUM_SNAP, interface: str = ""
) -> tuple[Instruction, ...]:
    """The BPF program of `expression`; an empty expression keeps every frame.

    Parameters
    ----------
    link_type : DLT_ value of what the filter will see.
    snap_length : bytes of each frame to keep.
    interface : the interface it is for. On Linux, `vlan` needs it: the kernel takes VLAN tags out of frames, and
        libpcap knows only of an opened interface where they went. Opening needs permission.

    Raises
    ------
    BadCaptureFilter
        With libpcap's own words.
    """
    if not expression.strip():
        return (Instruction(_RETURN, 0, 0, snap_length),)
    if "\0" in expression:
        raise BadCaptureFilter("The capture filter contains a NUL character.", _FILTER_HINT)
    library = load_libpcap()
    if library is None:
        return _compiled_by_tcpdump(expression, link_type, snap_length)
    with _COMPILING:
        handle = _opened(library, interface, snap_length) if interface and "vlan" in expression else None
        handle = handle or library.pcap_open_dead(link_type, snap_length)
        try:
            return _compiled(library, handle, expression)
        finally:
            library.pcap_close(handle)


def load_libpcap() -> Any | None:
    """Binding of libpcap or Npcap, by scapy; None where neither is installed."""
    try:
        from scapy.libs import winpcapy
    except (ImportError, OSError, AttributeError):
        return None
    return winpcapy


def _compiled(library: Any, handle: Any, expression: str) -> tuple[Instruction, ...]:
    program = library.bpf_program()
    if library.pcap_compile(handle, ctypes.byref(program), expression.encode(), 1, ctypes.c_int(-1)) != 0:
        reason = library.pcap_geterr(handle).decode("utf-8", "replace")
        raise BadCaptureFilter(f"The capture filter is not understood: {reason}.", _FILTER_HINT)
    try:
        return tuple(
            Instruction(line.code, line.jt, line.jf, line.k & 0xFFFFFFFF)
            for line in (program.bf_insns[number] for number in range(program.bf_len))
        )
    finally:
        library.pcap_freecode(ctypes.byref(program))


def _opened(library: Any, interface: str, snap_length: int) -> Any | None:
    """An activated handle on `interface`, or None."""
    reason = ctypes.create_string_buffer(library.PCAP_ERRBUF_SIZE)
    handle = library.pcap_create(interface.encode(), reason)
    if not handle:
        return None
    library.pcap_set_snaplen(handle, snap_length)
    if library.pcap_activate(handle) < 0:
        library.pcap_close(handle)
        return None
    return handle


def _compiled_by_tcpdump(expression: str, link_type: int, snap_length: int) -> tuple[Instruction, ...]:
    tcpdump = shutil.which("tcpdump")
    if tcpdump is None:
        raise BadCaptureFilter(
            "A capture filter needs libpcap, which is not installed.",
            "Install libpcap (Debian, Ubuntu: sudo apt install libpcap0.8), or capture without a filter.",
        )
    name = _TCPDUMP_LINK_NAMES.get(link_type, "EN10MB")
    answer = subprocess.run(  # noqa: S603  # a list, no shell; the expression stands after --
        [tcpdump, "-ddd", "-y", name, "-s", str(snap_length), "--", expression],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    if answer.returncode != 0:
        reason = answer.stderr.strip().removeprefix("tcpdump: ")
        raise BadCaptureFilter(f"The capture filter is not understood: {reason}.", _FILTER_HINT)
    lines = answer.stdout.split("\n")[1:]
    return tuple(Instruction(*map(int, line.split())) for line in lines if line)
