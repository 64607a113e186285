"""Passwords: in the system's keyring, else in memory until TrafficDesk is closed. Never in a file or a log.

An environment variable of each comes first: for servers and containers without a keyring.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import ClassVar, Final

_log = logging.getLogger(__name__)

SERVICE: Final = "TrafficDesk mail"
ENVIRONMENT: Final = "TRAFFICDESK_SMTP_PASSWORD"


@dataclass(slots=True)
class Password:
    """The password of an account on a server."""

    _session: dict[str, str] = field(default_factory=dict, repr=False)
    service: ClassVar[str]
    """Name in the keyring."""
    environment: ClassVar[str]
    """Variable that comes first."""

    def get(self, server: str, user: str) -> str:
        """The password, empty where none is known. May ask the person to unlock the keyring: not for the GUI thread."""
        if password := os.environ.get(self.environment):
            return password
        account = _account(server, user)
        if account in self._session:
            return self._session[account]
        return _from_keyring(self.service, account)

    def set(self, server: str, user: str, password: str) -> bool:
        """Remember the password; an empty one is forgotten.

        Returns
        -------
        bool
            Whether it was stored for good; False: it holds until TrafficDesk is closed.
        """
        account = _account(server, user)
        self._session[account] = password
        return _to_keyring(self.service, account, password)


class MailPassword(Password):
    """Of the account that sends alerts."""

    service = SERVICE
    environment = ENVIRONMENT


class HistoryPassword(Password):
    """Of the account on the history's server."""

    service = "TrafficDesk history"
    environment = "TRAFFICDESK_HISTORY_PASSWORD"


def _account(server: str, user: str) -> str:
    return f"{user}@{server}"


def _from_keyring(service: str, account: str) -> str:
    import keyring
    import keyring.errors

    try:
        return keyring.get_password(service, account) or ""
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        _log.info("no keyring: %s", type(error).__name__)
        return ""


def _to_keyring(service: str, account: str, password: str) -> bool:
    import keyring
    import keyring.errors

    try:
        if password:
            keyring.set_password(service, account, password)
        elif keyring.get_password(service, account) is not None:
            keyring.delete_password(service, account)
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        _log.info("no keyring: %s", type(error).__name__)
        return False
    return True
