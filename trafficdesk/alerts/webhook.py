"""A POST of JSON to an address of the person's: certificates verified, nobody sent elsewhere, and an end to waiting."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final, Self

from trafficdesk import __version__
from trafficdesk.alerts.mail import clean
from trafficdesk.alerts.smtp import MailRefused
from trafficdesk.errors import AlertError
from trafficdesk.identity.own_traffic import OWN_TRAFFIC

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

_ANSWER_BYTES: Final = 2_000
_TOTAL: Final = 2
"""The whole exchange may take this many times the timeout: a server that answers byte by byte ends, too."""
_WHERE: Final = "Check its address in Settings, Alerts."


def post(
    url: str,
    body: str,
    *,
    timeout_s: float,
    accepted: Callable[[], None],
    context: ssl.SSLContext | None = None,
) -> str:
    """Post `body`; blocks up to `2 * timeout_s`.

    Parameters
    ----------
    accepted : called when the server has taken it.
    context : for tests with a certificate authority of their own; the system's trusted ones otherwise.

    Returns
    -------
    str
        The server's first words, on one line.

    Raises
    ------
    AlertError
        If it could not be delivered; `MailRefused` if trying again soon is pointless.
    """
    if not url.startswith(("https://", "http://")):
        raise MailRefused("The webhook is no http(s) address.", "Correct it in Settings, Alerts.")
    headers = {"Content-Type": "application/json", "User-Agent": f"TrafficDesk/{__version__}"}
    try:
        request = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310  # see above
        with (
            _Line(_TOTAL * timeout_s) as line,
            _opener(line, context).open(request, timeout=timeout_s) as answer,
        ):
            accepted()
            with contextlib.suppress(OSError):  # it is delivered; what is said to it is not needed
                return clean(answer.read(_ANSWER_BYTES).decode("utf-8", "replace"))
            return ""
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise AlertError(
            f"The webhook can't be reached: {clean(str(reason)) or type(reason).__name__}.",
            "It is tried again by itself.",
        ) from error


def _refused(error: urllib.error.HTTPError) -> AlertError:
    if 300 <= error.code < 400:
        # An alert tells of this network: it goes where the person said, and nowhere that a server says.
        return MailRefused(f"The webhook answered {error.code}: it is elsewhere now.", _WHERE)
    kind = AlertError if error.code >= 500 or error.code == 429 else MailRefused
    return kind(f"The webhook answered {error.code}.", _WHERE)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other refusal."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class _Line:
    """The connections of one exchange, known as ours from before their first packet, and cut at its deadline."""

    def __init__(self, seconds: float) -> None:
        self._open: list[tuple[socket.socket, Callable[[], None]]] = []
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for sock, ended in self._open:
            sock.close()
            ended()

    def connect(
        self, address: tuple[str, int], timeout: float | None, _source: object = None
    ) -> socket.socket:
        """As `socket.create_connection`."""
        sock, ended = OWN_TRAFFIC.connect(address, timeout)
        # A handle of our own: TLS takes the socket itself over.
        self._open.append((sock.dup(), ended))
        return sock

    def _hang_up(self) -> None:
        for sock, _ in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _opener(line: _Line, context: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    """As urllib's own, proxies included, but it stays on the `line` and follows no redirect."""

    def by_line(kind: type[http.client.HTTPConnection]) -> Callable[..., http.client.HTTPConnection]:
        def made(host: str, **options: Any) -> http.client.HTTPConnection:
            connection = kind(host, **options)
            vars(connection)["_create_connection"] = line.connect
            return connection

        return made

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(by_line(http.client.HTTPConnection), request)

    class Secure(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            # Without a context of its own the connection makes one that verifies certificate and name.
            return self.do_open(by_line(http.client.HTTPSConnection), request, context=context)

    return urllib.request.build_opener(Plain(), Secure(), _NoRedirect())
