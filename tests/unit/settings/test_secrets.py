"""The mail password: keyring if there is one, memory if not, never shown."""

from __future__ import annotations

import keyring
import keyring.backend
import keyring.errors
import pytest

from trafficdesk.settings.secrets import ENVIRONMENT, MailPassword


class Memory(keyring.backend.KeyringBackend):
    """A keyring that works."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Locked(Memory):
    """A keyring that the person did not unlock."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("no")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.PasswordSetError("no")


@pytest.fixture
def use_keyring(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_keyring_keeps_it_for_the_next_start(use_keyring) -> None:
    """A password set once is found by another object, per account."""
    use_keyring(Memory())
    assert MailPassword().set("mail.example", "me", "s3cret")
    assert MailPassword().get("mail.example", "me") == "s3cret"
    assert MailPassword().get("mail.example", "you") == ""


def test_without_keyring_it_holds_for_this_run(use_keyring) -> None:
    """A locked keyring is said, and the password works until the program ends."""
    use_keyring(Locked())
    password = MailPassword()
    assert not password.set("mail.example", "me", "s3cret")
    assert password.get("mail.example", "me") == "s3cret"
    assert MailPassword().get("mail.example", "me") == ""


def test_empty_forgets(use_keyring) -> None:
    """An emptied password is gone from the keyring, and forgetting twice is no error."""
    backend = Memory()
    use_keyring(backend)
    MailPassword().set("mail.example", "me", "s3cret")
    assert MailPassword().set("mail.example", "me", "")
    assert MailPassword().set("mail.example", "me", "")
    assert backend.kept == {}


def test_environment_comes_first(use_keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without keyring is given the password by its environment."""
    use_keyring(Memory())
    monkeypatch.setenv(ENVIRONMENT, "from outside")
    assert MailPassword().get("mail.example", "me") == "from outside"


def test_it_is_not_in_the_repr(use_keyring) -> None:
    """A log line with the object in it shows nothing."""
    use_keyring(Locked())
    password = MailPassword()
    password.set("mail.example", "me", "s3cret")
    assert "s3cret" not in repr(password)
