"""Every way a command can end has its code and its sentence, and none a traceback on the terminal."""

from __future__ import annotations

import pytest

from trafficdesk import errors
from trafficdesk.cli.exit_codes import Exit, ended
from trafficdesk.logs import log_path


def raising(error: BaseException):
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.PermissionDenied("no", "do this"), 3),
        (errors.InterfaceNotFound("no", "do this"), 3),
        (errors.BadCaptureFilter("no", "do this"), 2),
        (errors.BadDisplayFilter("no", "do this"), 2),
        (errors.BadCaptureFile("no", "do this", offset=24, packets=3), 4),
        (errors.ExportError("no", "do this"), 3),
        (errors.SettingsError("no", "do this"), 3),
        (errors.AlertError("no", "do this"), 3),
        (errors.StoreError("no", "do this"), 3),
    ],
)
def test_errors_are_a_cause_and_a_remedy(
    error: errors.TrafficDeskError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each error gives its code, its two sentences and nothing else."""
    assert ended(raising(error)) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("trafficdesk: no")
    assert said.err.endswith(" do this\n")
    assert said.err.count("\n") == 1


def test_broken_file_names_byte_and_packet(capsys: pytest.CaptureFixture[str]) -> None:
    """Where reading stopped is said once."""
    ended(raising(errors.BadCaptureFile("The file is cut.", "Copy it again.", offset=4711, packets=12)))
    said = capsys.readouterr().err
    assert "byte 4711" in said
    assert "12 packets" in said
    ended(raising(errors.BadCaptureFile("Cut at byte 4,711 after 12 packets.", offset=4711, packets=12)))
    assert capsys.readouterr().err.replace(",", "").count("4711") == 1


def test_a_bug_goes_into_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """An unforeseen exception is a sentence that names the log, where the traceback is."""
    assert ended(raising(ZeroDivisionError("marker"))) == Exit.OUR_FAULT
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert str(log_path()) in said
    logged = log_path().read_text(encoding="utf-8")
    assert "Traceback" in logged
    assert "marker" in logged


def test_interrupt_and_success() -> None:
    """Ctrl-C is 130, a command's own code is passed on."""
    assert ended(raising(KeyboardInterrupt())) == 130
    assert ended(lambda: 0) == 0
    assert ended(lambda: 4) == 4
