"""`MailSink`: a mail server on loopback that takes every mail and keeps it; it passes nothing on.

Just enough of RFC 5321 for the client that real alerts go through (`alerts.smtp`). It listens on 127.0.0.1 alone, on a
port that the system chooses, for as long as a self-test takes.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

_log = logging.getLogger(__name__)

_PATIENCE_S: Final = 10.0
_MOST_BYTES: Final = 32 << 20
"""Of a mail; another program of this computer could send one, too."""
_MOST_MAILS: Final = 1_000
_LINE: Final = 2_000


class MailSink:
    """Serves one conversation after another in a thread, until it is closed.

    Raises
    ------
    OSError
        If nothing may listen on loopback.
    """

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="mail-sink", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Listen no more."""
        self._closing.set()
        self._thread.join(_PATIENCE_S)
        self._socket.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._socket.accept()
                with client:
                    client.settimeout(_PATIENCE_S)
                    try:
                        self._talk(client)
                    except OSError as error:
                        _log.info("the self-test's mail server: %s", error)

    def _talk(self, client: socket.socket) -> None:
        with client.makefile("rb") as lines:
            client.sendall(b"220 127.0.0.1 TrafficDesk's self-test\r\n")
            while line := lines.readline(_LINE):
                command = line[:4].upper()
                if command == b"DATA":
                    client.sendall(b"354 go on\r\n")
                    self._keep(lines)
                client.sendall(_ANSWERS.get(command, b"502 5.5.1 not known here\r\n"))
                if command == b"QUIT":
                    return

    def _keep(self, lines: BinaryIO) -> None:
        """Read to the line with a lone full stop (RFC 5321 section 4.5.2)."""
        parts: list[bytes] = []
        size = 0
        while (line := lines.readline()) not in {b".\r\n", b""}:
            size += len(line)
            if size <= _MOST_BYTES:
                parts.append(line.removeprefix(b"."))
        if len(self.messages) < _MOST_MAILS:
            self.messages.append(b"".join(parts))


_ANSWERS: Final = {
    b"EHLO": b"250 127.0.0.1\r\n",
    b"HELO": b"250 127.0.0.1\r\n",
    b"MAIL": b"250 2.1.0 well\r\n",
    b"RCPT": b"250 2.1.5 well\r\n",
    b"DATA": b"250 2.0.0 kept\r\n",
    b"RSET": b"250 2.0.0 well\r\n",
    b"NOOP": b"250 2.0.0 well\r\n",
    b"QUIT": b"221 2.0.0 goodbye\r\n",
}
