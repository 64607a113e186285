"""SMB 1 and SMB 2/3 (MS-SMB2 section 2.2.1) in NetBIOS sessions (RFC 1002 section 4.3.1).

application_code = SMB command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

SESSION_BYTES: Final = 4
"""Length of the NetBIOS session header."""


def _magic(payloads: Payloads, first: tuple[int, ...]) -> NDArray[np.bool_]:
    named = (payloads.head[:, 5:8] == list(b"SMB")).all(axis=1)
    found: NDArray[np.bool_] = (
        named & (payloads.head[:, 0] == 0) & np.isin(payloads.head[:, SESSION_BYTES], first)
    )
    return found


def _is_smb1(payloads: Payloads) -> NDArray[np.bool_]:
    return _magic(payloads, (0xFF,))


def _is_smb2(payloads: Payloads) -> NDArray[np.bool_]:
    """Plain, encrypted and compressed ones."""
    return _magic(payloads, (0xFE, 0xFD, 0xFC))


def _fill_smb1(payloads: Payloads) -> None:
    payloads.set("application_code", payloads.head[:, 8])


def _fill_smb2(payloads: Payloads) -> None:
    """The command is little-endian, 12 bytes into the header."""
    command = payloads.u8(SESSION_BYTES + 12).astype(np.uint16)
    payloads.set(
        "application_code", command | (payloads.u8(SESSION_BYTES + 13).astype(np.uint16) << np.uint16(8))
    )


SMB: Final = Application(Protocol.SMB, tcp=Over(leads=(b"\0",), certain=_is_smb1), fill=_fill_smb1)
SMB2: Final = Application(Protocol.SMB2, tcp=Over(leads=(b"\0",), certain=_is_smb2), fill=_fill_smb2)
NBSS: Final = Application(Protocol.NBSS, tcp=Over(ports=(139, 445)))
