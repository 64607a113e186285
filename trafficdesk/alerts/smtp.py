"""A mail to its server: STARTTLS, TLS or plain, verified certificates, the dialogue kept without secrets."""

from __future__ import annotations

import base64
import contextlib
import smtplib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.alerts.mail import clean, trial_message
from trafficdesk.errors import AlertError
from trafficdesk.identity.own_traffic import OWN_TRAFFIC
from trafficdesk.settings import MailSecurity

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from trafficdesk.settings import MailSettings

_TOTAL: Final = 4
"""The whole conversation may take this many times the timeout: a server that answers byte by byte ends, too."""
_LINE: Final = 500


class MailRefused(AlertError):  # noqa: N818  # named after what happened
    """The server is there and said no: trying again without a change is pointless."""


def send(
    settings: MailSettings,
    password: str,
    message: EmailMessage,
    *,
    context: ssl.SSLContext | None = None,
    accepted: Callable[[], None] | None = None,
) -> str:
    """Deliver `message`; blocks up to `4 * settings.timeout_s`.

    Parameters
    ----------
    accepted : called when the server has taken the message, before the goodbye.
    context : for tests with a certificate authority of their own; the system's trusted ones otherwise.

    Returns
    -------
    str
        The dialogue, one line each, secrets replaced.

    Raises
    ------
    AlertError
        If it could not be delivered, with the server's own words; `MailRefused` if trying again is pointless.
    """
    _check(settings)
    talk = _Dialogue(password)
    if context is None and settings.security is not MailSecurity.NONE:
        context = ssl.create_default_context()
    try:
        with contextlib.closing(_client(settings, talk, context)) as client, _deadline(client, settings):
            client.connect(settings.server, settings.port)
            client.ehlo_or_helo_if_needed()
            if settings.security is MailSecurity.STARTTLS:
                client.starttls(context=context)
                client.ehlo_or_helo_if_needed()
            if settings.user:
                client.login(settings.user, password)
            client.send_message(message)
            if accepted is not None:
                accepted()
            with contextlib.suppress(
                smtplib.SMTPException, OSError
            ):  # it is delivered; a rude goodbye is no failure
                client.quit()
    except (smtplib.SMTPException, OSError) as error:
        talk.note(f"!  {error}")
        raise _alert_error(error, settings, talk.text()) from error
    except UnicodeError as error:
        raise MailRefused(
            f"An address or the password has a character that {settings.server} can't take.",
            "Check user name, password and addresses.",
            dialogue=talk.text(),
        ) from error
    return talk.text()


def send_test(settings: MailSettings, password: str, *, context: ssl.SSLContext | None = None) -> str:
    """Send the test mail; as `send`."""
    _check(settings)
    return send(settings, password, trial_message(settings), context=context)


class _Dialogue:
    """What was said, without secrets."""

    def __init__(self, password: str) -> None:
        raw = password.encode("utf-8", "surrogateescape")
        self._secrets = [secret for secret in (password, base64.b64encode(raw).decode()) if secret]
        self._lines: list[str] = []
        self.authenticating = False

    def note(self, line: str) -> None:
        # A server may repeat what it was sent.
        for secret in self._secrets:
            line = line.replace(secret, "***")
        self._lines.append(clean(line)[:_LINE])

    def text(self) -> str:
        return "\n".join(self._lines)


class _Recorded(smtplib.SMTP):
    """smtplib's client that notes the dialogue (its own debug output shows passwords)."""

    talk: _Dialogue
    _ended: Callable[[], None] | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # Before the first packet leaves: a capture on this computer sees it, and is not to take it for somebody's.
        sock, self._ended = OWN_TRAFFIC.connect((host, port), timeout)
        return sock

    def close(self) -> None:
        super().close()
        if self._ended is not None:
            self._ended()

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: Any = None
    ) -> tuple[int, bytes]:
        self.talk.note(f"   connecting to {host} port {port}")
        self._host = host  # the name that certificates are checked against; set by smtplib's constructor only
        code, words = super().connect(host, port, source_address)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        return code, words

    def putcmd(self, cmd: str, args: str = "") -> None:
        if self.talk.authenticating:
            mechanism = args.split(" ", 1)[0] if cmd == "AUTH" else ""
            self.talk.note(f"C: {'AUTH ' + mechanism if mechanism else ''} ***")
        else:
            self.talk.note(f"C: {cmd} {args}".rstrip())
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        code, words = super().getreply()
        for line in words.decode("utf-8", "replace").splitlines() or [""]:
            self.talk.note(f"S: {code} {line}")
        return code, words

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        self.talk.authenticating = True
        try:
            return super().login(user, password, initial_response_ok=initial_response_ok)
        finally:
            self.talk.authenticating = False


class _RecordedTls(_Recorded, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=self._host)


def _client(settings: MailSettings, talk: _Dialogue, context: ssl.SSLContext | None) -> _Recorded:
    # local_hostname: else smtplib asks the resolver for this computer's name, and tells it to the server.
    if settings.security is MailSecurity.TLS:
        client: _Recorded = _RecordedTls(
            timeout=settings.timeout_s, context=context, local_hostname="trafficdesk.local"
        )
    else:
        client = _Recorded(timeout=settings.timeout_s, local_hostname="trafficdesk.local")
    client.talk = talk
    return client


@contextlib.contextmanager
def _deadline(client: smtplib.SMTP, settings: MailSettings) -> Any:
    def hang_up() -> None:
        if client.sock is not None:
            with contextlib.suppress(OSError):
                client.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_TOTAL * settings.timeout_s, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _check(settings: MailSettings) -> None:
    missing = [
        words
        for words, value in (
            ("server", settings.server),
            ("sender", settings.sender),
            ("recipient", settings.recipients),
        )
        if not value
    ]
    if missing:
        raise MailRefused(
            f"No mail {' and no '.join(missing)} is set.", "Enter it in the settings, under Alerts."
        )


def _alert_error(error: Exception, settings: MailSettings, dialogue: str) -> AlertError:
    where = f"{settings.server}:{settings.port}"
    if isinstance(
        error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused | smtplib.SMTPNotSupportedError
    ):
        kind, title, hint = _refusal(error, where)
        return kind(title, hint, dialogue=dialogue)
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        title = f"{where} did not answer within {settings.timeout_s:g} s."
        return AlertError(title, "Check port and security; a firewall may be in the way.", dialogue=dialogue)
    if isinstance(error, ssl.SSLCertVerificationError):
        words = error.verify_message.rstrip(".")
        return MailRefused(
            f"The certificate of {where} is not trusted: {words}.", _DISTRUST, dialogue=dialogue
        )
    title, hint = next((title, hint) for types, title, hint in _BREAKDOWNS if isinstance(error, types))
    kind = MailRefused if isinstance(error, ssl.SSLError) else AlertError
    return kind(title.format(where=where, words=_words(error)), hint, dialogue=dialogue)


_DISTRUST: Final = "No password was sent. Check the server's name; a private authority must be among those the system trusts."
_BREAKDOWNS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (
        ssl.SSLError,
        "{where} does not speak TLS as expected: {words}.",
        "Port 465 wants TLS, port 587 STARTTLS.",
    ),
    (socket.gaierror, "{where} was not found: {words}.", "Check the server's name and the network."),
    (ConnectionRefusedError, "Nothing listens at {where}: {words}.", "Check server and port."),
    (
        smtplib.SMTPServerDisconnected,
        "{where} broke off the conversation: {words}.",
        "Check port and security (465 wants TLS, 587 STARTTLS), or try again later.",
    ),
    (Exception, "The mail could not be handed to {where}: {words}.", "Check server, port and network."),
)
"""Failures without a reply: type, cause, remedy; the first that fits."""


def _refusal(error: Exception, where: str) -> tuple[type[AlertError], str, str]:
    """What the server said no to."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        hint = "Check user name and password; many providers want an app password instead of your own."
        return MailRefused, f"{where} refused user name or password: {_reply(error)}.", hint
    if isinstance(error, smtplib.SMTPSenderRefused):
        return _permanence(error), f"{where} refused the sender: {_reply(error)}.", "Check the From address."
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        said = f"{code} {clean(words.decode('utf-8', 'replace'))}".rstrip(".")
        kind = MailRefused if code >= 500 else AlertError
        return kind, f"{where} refused every recipient: {said}.", "Check the To addresses."
    if isinstance(error, smtplib.SMTPResponseException):
        return (
            _permanence(error),
            f"{where} answered: {_reply(error)}.",
            "The words are the mail server's own.",
        )
    return (
        MailRefused,
        f"{where} can't do what was asked: {_words(error)}.",
        "Choose another security, or leave the user name empty.",
    )


def _permanence(error: smtplib.SMTPResponseException) -> type[AlertError]:
    """RFC 5321 section 4.2.1: 5yz is permanent, 4yz transient."""
    return MailRefused if error.smtp_code >= 500 else AlertError


def _reply(error: smtplib.SMTPResponseException) -> str:
    words = error.smtp_error
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{error.smtp_code} {clean(' '.join(text.split()))}".rstrip(". ")


def _words(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return clean(" ".join(text.split())).rstrip(".")
