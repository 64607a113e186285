"""`trafficdesk.__main__`: desktop or command line, and what happens without a display."""

from __future__ import annotations

import pytest

import trafficdesk.__main__ as entry
from trafficdesk import app, cli
from trafficdesk.capture.permission import PermissionGuide
from trafficdesk.cli.exit_codes import Exit


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was called instead of the desktop and the command line."""
    made: list[object] = []
    monkeypatch.setattr(cli, "main", lambda argv: made.append(list(argv)) or 0)
    monkeypatch.setattr(app, "run", lambda options: made.append(options) or 0)
    monkeypatch.setattr(entry, "has_display", lambda *_: True)
    return made


@pytest.mark.parametrize(
    "argv", [["packets", "x.pcap"], ["monitor"], ["--help"], ["--version"], ["interfaces"]]
)
def test_commands_go_to_the_command_line(calls: list[object], argv: list[str]) -> None:
    """A command's first word decides, and the command line gets everything."""
    assert entry.main(argv) == 0
    assert calls == [argv]


def test_ctrl_c_before_anything_works_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed while modules are imported it ends the program, as it does later on."""

    def interrupted(_argv: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    assert entry.main(["monitor"]) == Exit.INTERRUPTED == 130


def test_files_and_automation_go_to_the_desktop(calls: list[object]) -> None:
    """Every promised flag reaches the desktop."""
    entry.main([])
    entry.main(
        ["a.pcap", "--capture", "eth0", "--capture-filter", "tcp", "--display-filter", "dns", "--screenshot", "p.png",
         "--quit-after", "1.5", "--diagnostics", "d.json"]
    )  # fmt: skip
    assert calls == [
        app.Options(),
        app.Options("a.pcap", "eth0", "tcp", "dns", "p.png", 1.5, "d.json"),
    ]


def test_wrong_usage_is_said(calls: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown flag ends with code 2 and a sentence."""
    with pytest.raises(SystemExit) as ended:
        entry.main(["--no-such-flag"])
    assert ended.value.code == 2
    assert "--no-such-flag" in capsys.readouterr().err
    assert not calls


@pytest.mark.parametrize(
    ("platform", "environment", "display"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_only_linux_can_lack_a_display(platform: str, environment: dict[str, str], display: bool) -> None:
    """The variables that the contract names decide."""
    assert entry.has_display(platform, environment) is display


@pytest.mark.parametrize(
    ("argv", "permitted", "command"),
    [
        ([], True, ["monitor", "--interface", "eth7"]),
        ([], False, ["monitor", "--sample"]),
        (
            ["--capture", "lo", "--capture-filter", "tcp"],
            False,
            ["monitor", "--interface", "lo", "--capture-filter", "tcp"],
        ),
        (["x.pcap"], True, ["analyze", "x.pcap"]),
    ],
)
def test_without_a_display_the_terminal_takes_over(
    calls: list[object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    permitted: bool,
    command: list[str],
) -> None:
    """One sentence on stderr, then the work goes on in the terminal; the sample where capturing is not permitted."""
    monkeypatch.setattr(entry, "has_display", lambda *_: False)
    monkeypatch.setattr("trafficdesk.capture.interfaces.default_interface", lambda: "eth7")
    guide = PermissionGuide(permitted=permitted, why="", command="", notes=())
    monkeypatch.setattr("trafficdesk.capture.permission.explain", lambda: guide)
    assert entry.main(argv) == 0
    assert calls == [command]
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_needs_a_window_is_refused_without_a_display(
    calls: list[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A screenshot without a display is the environment's fault: code 3, cause and remedy."""
    monkeypatch.setattr(entry, "has_display", lambda *_: False)
    assert entry.main(["--screenshot", "p.png"]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert not calls
