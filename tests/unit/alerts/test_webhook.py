"""`alerts.webhook`: verified, not led elsewhere, not kept waiting, known as ours."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.helpers.mail_server import Authority, make_authority
from trafficdesk.alerts import webhook
from trafficdesk.alerts.smtp import MailRefused
from trafficdesk.alerts.webhook import post
from trafficdesk.errors import AlertError
from trafficdesk.identity.own_traffic import OwnTraffic

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def hook(
    code: int = 200, *, authority: Authority | None = None, location: str = ""
) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers every POST and GET with `code`; yields its port and what it was told."""
    got: list[bytes] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.send_response(code)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(b"thanks\x1b[31m\r\n")

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        if authority is not None:
            server.socket = authority.server_context().wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, got
        finally:
            server.shutdown()
            thread.join()


def told() -> tuple[list[bool], object]:
    said: list[bool] = []
    return said, lambda: said.append(True)


def test_what_is_posted_arrives_and_the_answer_is_one_clean_line() -> None:
    """The body as it was; the server's words without what steers a terminal."""
    said, accepted = told()
    with hook() as (port, got):
        words = post(f"http://127.0.0.1:{port}/a", '{"a": 1}', timeout_s=5, accepted=accepted)
    assert got == [b'{"a": 1}']
    assert said == [True]
    assert words.startswith("thanks")
    assert words.isprintable()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(code: int) -> None:
    """An alert tells of this network: a server that points elsewhere gets no second request made, there or anywhere."""
    with (
        hook() as (elsewhere, got_there),
        hook(code, location=f"http://127.0.0.1:{elsewhere}/") as (port, got),
    ):
        said, accepted = told()
        with pytest.raises(MailRefused, match=f"answered {code}"):
            post(f"http://127.0.0.1:{port}/", "secret", timeout_s=5, accepted=accepted)
    assert (len(got), got_there, said) == (1, [], [])


def test_an_untrusted_certificate_gets_nothing(authority: Authority) -> None:
    """Verified by the system's authorities: of a throw-away one nobody has heard, so not a byte of the alert leaves."""
    said, accepted = told()
    with hook(authority=authority) as (port, got):
        with pytest.raises(AlertError, match="certificate verify failed"):
            post(f"https://localhost:{port}/", "secret", timeout_s=5, accepted=accepted)
        context = authority.client_context()
        with pytest.raises(AlertError, match=r"certificate.*127\.0\.0\.1"):
            post(f"https://127.0.0.1:{port}/", "secret", timeout_s=5, accepted=accepted, context=context)
        assert got == []
        post(f"https://localhost:{port}/", "alert", timeout_s=5, accepted=accepted, context=context)
    assert (got, said) == ([b"alert"], [True])


def test_a_server_that_drips_ends() -> None:
    """A byte now and then keeps no timeout waiting for ever: twice of it and the line is cut."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            client, _ = server.accept()
            with client:
                while not stop.wait(0.2):
                    try:
                        client.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        said, accepted = told()
        began = time.monotonic()
        with pytest.raises(AlertError):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", "x", timeout_s=1.0, accepted=accepted)
        assert time.monotonic() - began < 60  # a 64 KiB line at this pace would take hours
        stop.set()
        thread.join()
    assert said == []


def test_its_connection_is_known_as_ours(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """With and without TLS, until it is closed."""
    ours = OwnTraffic()
    monkeypatch.setattr(webhook, "OWN_TRAFFIC", ours)
    with hook(authority=authority) as (port, _), hook() as (plain, _):
        context = authority.client_context()
        post(f"https://localhost:{port}/", "a", timeout_s=5, accepted=lambda: None, context=context)
        post(f"http://127.0.0.1:{plain}/", "a", timeout_s=5, accepted=lambda: None)
    assert {one.remote_port for one in ours.conversations if one.local} == {port, plain}
    assert not any(one.open for one in ours.conversations)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1", "http://[broken"])
def test_only_the_web_is_posted_to(url: str) -> None:
    """Other addresses are an error with a remedy."""
    with pytest.raises(AlertError) as caught:
        post(url, "x", timeout_s=1, accepted=lambda: None)
    assert caught.value.hint
