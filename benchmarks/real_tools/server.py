"""What the office's servers serve: files of any size, uploads, a page behind a password (80, 8080, TLS on 443), the time.

Run inside a namespace: `python server.py FOLDER`, with `cert.pem` and `key.pem` there. A file's size is the end of its
path: `/a/2000`.
"""

from __future__ import annotations

import base64
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CHUNK = bytes(range(256)) * 256
_LOGIN = "Basic " + base64.b64encode(b"admin:violet-otter-92").decode()
_NTP_EPOCH_S = 2_208_988_800


class Page(BaseHTTPRequestHandler):
    """Any path."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_words: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A file, or 401 without the password."""
        if self.path.startswith("/private") and self.headers.get("Authorization") != _LOGIN:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        end = self.path.rsplit("/", 1)[-1]
        left = int(end) if end.isdigit() else 2_000
        self.send_response(200)
        self.send_header("Content-Length", str(left))
        self.end_headers()
        while left > 0:
            self.wfile.write(_CHUNK[:left])
            left -= len(_CHUNK)

    def do_PUT(self) -> None:
        """Takes everything and keeps nothing."""
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            got = self.rfile.read(min(left, len(_CHUNK)))
            if not got:
                return
            left -= len(got)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def serve_time() -> None:
    """Answer NTP (RFC 5905) with this computer's clock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as clock:
        clock.bind(("", 123))
        while True:
            asked, who = clock.recvfrom(512)
            now = time.time() + _NTP_EPOCH_S
            stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
            clock.sendto(b"\x24\x02\x06\xec" + bytes(8) + b"ABCD" + stamp + asked[40:48] + stamp * 2, who)


def main() -> None:
    """Serve until ended."""
    folder = Path(sys.argv[1])
    for port in (80, 8080, 443):
        server = ThreadingHTTPServer(("", port), Page)
        if port == 443:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=server.serve_forever, daemon=True).start()
    serve_time()


if __name__ == "__main__":
    main()
