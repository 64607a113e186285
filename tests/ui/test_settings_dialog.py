"""`ui.dialogs.settings_dialog`: what is entered is saved whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QDialogButtonBox, QLabel, QLineEdit
from shiboken6 import isValid

from trafficdesk.errors import SettingsError
from trafficdesk.settings import (
    CaptureSettings,
    DetectionSettings,
    MailSecurity,
    MailSettings,
    Settings,
    Theme,
    ViewSettings,
    secrets,
)
from trafficdesk.settings.file import load, save
from trafficdesk.ui.dialogs.settings_dialog import SettingsDialog
from trafficdesk.ui.theme import DARK, LIGHT, palette

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

EVERYTHING = Settings(
    capture=CaptureSettings("usb0", "tcp port 443", False, 128, 8, 200_000, 32),
    detection=DetectionSettings(3, 20_000, 500, 60.5, 1_000, 50, 512, 7),
    mail=MailSettings(
        True,
        "smtp.example.com",
        465,
        MailSecurity.TLS,
        "me",
        "me@example.com",
        ("a@b.org", "c@d.org"),
        5.0,
        3,
        70,
    ),
    view=ViewSettings(Theme.DARK, ("/tmp/a.pcap",), "wlan0"),
)


class Store:
    """A password store that remembers what it was told."""

    def __init__(self, *, for_good: bool = True) -> None:
        self.told: list[tuple[str, str, str]] = []
        self._for_good = for_good

    def get(self, _server: str, _user: str) -> str:
        return ""

    def set(self, server: str, user: str, password: str) -> bool:
        self.told.append((server, user, password))
        return self._for_good


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring of whoever runs the tests is not asked."""
    monkeypatch.setattr(secrets, "_from_keyring", lambda _service, _account: "")
    monkeypatch.delenv(secrets.ENVIRONMENT, raising=False)


def a_dialog(qtbot: QtBot, settings: Settings = EVERYTHING, **changes: Any) -> SettingsDialog:
    values: dict[str, Any] = {
        "save": lambda _settings: None,
        "send_test": lambda _mail, _password: "",
        "check_filter": lambda text: "no such word" if "wrong" in text else None,
        **changes,
    }
    dialog = SettingsDialog(settings, values.pop("store", Store()), **values)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.mail_page._looking is None)
    return dialog


def test_what_goes_in_comes_out(qtbot: QtBot) -> None:
    """Every setting survives the dialog untouched, also those that it does not show."""
    dialog = a_dialog(qtbot)
    assert dialog.entered() == EVERYTHING
    dialog.accept()
    assert dialog.settings() == EVERYTHING
    assert dialog.result() == SettingsDialog.DialogCode.Accepted


def test_a_change_is_saved_told_and_kept(qtbot: QtBot) -> None:
    """Apply writes through the real file; what is read back is what was entered."""
    dialog = a_dialog(qtbot, save=save)
    dialog.pages["detection"].editors["window_rows"].setValue(33_000)
    with qtbot.waitSignal(dialog.applied) as signal:
        dialog.apply()
    wanted = replace(EVERYTHING, detection=replace(EVERYTHING.detection, window_rows=33_000))
    assert signal.args == [wanted]
    assert load() == (wanted, ())
    assert dialog.isVisible()


def test_cancel_changes_nothing(qtbot: QtBot) -> None:
    """What was typed before Cancel is forgotten."""
    saved: list[Settings] = []
    dialog = a_dialog(qtbot, save=saved.append)
    dialog.pages["detection"].editors["trees"].setValue(200)
    dialog.reject()
    assert dialog.settings() == EVERYTHING
    assert not saved


def test_apply_waits_for_a_change(qtbot: QtBot) -> None:
    """Nothing changed, nothing to apply."""
    dialog = a_dialog(qtbot)
    button = dialog._buttons.button(QDialogButtonBox.StandardButton.Apply)
    assert not button.isEnabled()
    qtbot.keyClick(dialog.pages["detection"].editors["seed"], Qt.Key.Key_Up)
    assert button.isEnabled()


@pytest.mark.parametrize(
    ("section", "field", "text", "words"),
    [
        ("capture", "capture_filter", "wrong", "no such word"),
        ("mail", "server", "", "mail server"),
        ("mail", "recipients", "nobody", "is not an e-mail address"),
    ],
)
def test_what_cannot_be_used_blocks_ok(qtbot: QtBot, section: str, field: str, text: str, words: str) -> None:
    """OK turns to the page, puts the focus there, says why, and saves nothing."""
    saved: list[Settings] = []
    dialog = a_dialog(qtbot, save=saved.append)
    dialog.show_page("view")
    dialog.pages[section].editors[field].setText(text)
    dialog.accept()
    assert dialog.isVisible()
    assert words in dialog.error.text()
    assert dialog.list.currentRow() == list(dialog.pages).index(section)
    assert dialog.focusWidget() is dialog.pages[section].editors[field]
    assert not saved


def test_an_unwritable_file_is_said_in_place(qtbot: QtBot) -> None:
    """The dialog stays, with cause and remedy, and what was entered is still there."""

    def fail(_settings: Settings) -> None:
        raise SettingsError("The settings can't be saved to <b>x</b>.", "Make room.")

    dialog = a_dialog(qtbot, save=fail)
    dialog.pages["detection"].editors["trees"].setValue(77)
    with qtbot.assertNotEmitted(dialog.applied):
        dialog.accept()
    assert dialog.isVisible()
    assert dialog.error.text() == "The settings can't be saved to <b>x</b>. Make room."
    assert dialog.error.textFormat() is Qt.TextFormat.PlainText
    assert dialog.entered().detection.trees == 77
    assert dialog.settings() == EVERYTHING


def test_a_full_disk_is_said_by_the_real_file(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default way of saving ends in the same place."""
    monkeypatch.setattr(
        Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    dialog = SettingsDialog(EVERYTHING, Store(), check_filter=lambda _text: None)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.mail_page._looking is None)
    dialog.apply()
    assert "No space left on device" in dialog.error.text()


def test_a_new_password_is_stored_for_its_account(qtbot: QtBot) -> None:
    """Through the store, in a thread, after the settings; the field is blank again."""
    store = Store()
    dialog = a_dialog(qtbot, store=store)
    dialog.mail_page.password.setText("s3cret")
    with qtbot.waitSignal(dialog.accepted):
        dialog.accept()
    assert store.told == [("smtp.example.com", "me", "s3cret")]
    assert dialog.mail_page.password.text() == ""
    assert "s3cret" not in repr(dialog.settings())


def test_a_password_that_will_not_last_is_no_secret(qtbot: QtBot) -> None:
    """Without a keyring the dialog says so before it closes; the second OK closes it."""
    dialog = a_dialog(qtbot, store=Store(for_good=False))
    dialog.mail_page.password.setText("s3cret")
    dialog.accept()
    qtbot.waitUntil(lambda: "until TrafficDesk is closed" in dialog.error.text())
    assert dialog.isVisible()
    dialog.accept()
    assert not dialog.isVisible()


def test_a_blank_password_is_not_stored(qtbot: QtBot) -> None:
    """Editing the server's port must not wipe the password."""
    store = Store()
    dialog = a_dialog(qtbot, store=store)
    dialog.mail_page.editors["port"].setValue(587)
    dialog.accept()
    assert store.told == []


def test_what_a_mail_test_lacks_is_said_at_the_foot(qtbot: QtBot) -> None:
    """The sentence is in sight though the button is below the fold, and goes with the next try."""
    dialog = a_dialog(qtbot, replace(EVERYTHING, mail=replace(EVERYTHING.mail, recipients=())))
    dialog.show_page("mail")
    dialog.mail_page.trial.button.click()
    assert "at least one address" in dialog.error.text()
    assert dialog.error.isVisible()
    dialog.mail_page.editors["recipients"].setText("a@example.com")
    with qtbot.waitSignal(dialog.mail_page.trial.ended):
        dialog.mail_page.trial.button.click()
    assert not dialog.error.isVisible()


def test_the_servers_answer_is_scrolled_into_sight(qtbot: QtBot) -> None:
    """However low the window, what the server said is visible when it has spoken."""
    dialog = a_dialog(qtbot, send_test=lambda _mail, _password: "S: 250\n" * 40)
    dialog.resize(720, 420)
    dialog.show_page("mail")
    trial = dialog.mail_page.trial
    assert trial.outcome.visibleRegion().isEmpty()
    with qtbot.waitSignal(trial.ended):
        trial.button.click()
    qtbot.waitUntil(lambda: not trial.outcome.visibleRegion().isEmpty())


def test_closing_during_a_mail_is_safe(qtbot: QtBot) -> None:
    """The thread ends by itself after the dialog is gone."""
    import threading

    go, ended = threading.Event(), threading.Event()

    def send(_mail: MailSettings, _password: str | None) -> str:
        go.wait(60)
        ended.set()
        return "S: 250"

    dialog = SettingsDialog(
        EVERYTHING, Store(), send_test=send, check_filter=lambda _text: None, save=lambda _s: None
    )
    dialog.mail_page.trial.button.click()
    job = dialog.mail_page.trial._job
    dialog.reject()
    dialog.deleteLater()
    del dialog
    go.set()
    qtbot.waitUntil(lambda: not isValid(job))
    assert ended.is_set()


def test_new_colours_reach_an_open_dialog(qtbot: QtBot) -> None:
    """Applying "dark" changes the dialog it was applied in."""
    dialog = a_dialog(qtbot)
    dialog.setPalette(palette(DARK))
    assert dialog._tokens is DARK
    dialog.setPalette(palette(LIGHT))
    assert dialog._tokens is LIGHT


def test_every_control_is_named_and_reached(qtbot: QtBot) -> None:
    """Fields have accessible names, take the focus by Tab, and no label takes markup."""
    dialog = a_dialog(qtbot)
    kinds = (QLineEdit, QComboBox, QAbstractSpinBox, QCheckBox)
    fields = [
        field
        for kind in kinds
        for field in dialog.findChildren(kind)
        if field.objectName() != "qt_spinbox_lineedit"
    ]
    assert len(fields) > 20
    assert all(field.accessibleName() or (isinstance(field, QCheckBox) and field.text()) for field in fields)
    assert all(field.focusPolicy() & Qt.FocusPolicy.TabFocus for field in fields)
    assert all(
        label.textFormat() is Qt.TextFormat.PlainText for label in dialog.findChildren(QLabel) if label.text()
    )


def test_tab_follows_the_page(qtbot: QtBot) -> None:
    """On the mail page the focus goes from server to port to security to user to password."""
    dialog = a_dialog(qtbot)
    dialog.show_page("mail")
    editors = dialog.mail_page.editors
    wanted = [
        editors["port"],
        editors["security"],
        editors["user"],
        dialog.mail_page.password,
        editors["sender"],
    ]
    editors["server"].setFocus()
    walked = []
    for _ in wanted:
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        walked.append(dialog.focusWidget())
    assert walked == wanted
