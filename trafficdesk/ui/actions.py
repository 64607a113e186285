"""Every command of the window once: its words, icon and shortcut (Wireshark's, where it has one), and the menu bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from trafficdesk.ui.icons import icon

if TYPE_CHECKING:
    from trafficdesk.ui.theme import Tokens


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can ask for."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    separated: bool = False
    """Whether a line stands above it in its menu."""
    group: str = ""
    """Of the commands of a group one is in force, and shown so."""


MENUS: Final = (
    ("file", "&File"),
    ("edit", "&Edit"),
    ("view", "&View"),
    ("capture", "&Capture"),
    ("go", "&Go"),
    ("analysis", "&Analysis"),
    ("help", "&Help"),
)

COMMANDS: Final = (
    Command("open", "file", "&Open…", ("Ctrl+O",), "open"),
    Command("sample", "file", "Try the sa&mple", (), "sample"),
    Command("save", "file", "Sa&ve capture as…", ("Ctrl+S", "Ctrl+Shift+S"), "save", separated=True),
    Command("export_selected", "file", "Export &selected packets as CSV…", (), "", separated=True),
    Command("export_shown", "file", "Export s&hown packets as CSV…"),
    Command("export_all", "file", "Export &all packets as CSV…"),
    Command("report", "file", "&Report…", (), "", separated=True),
    Command("settings", "file", "S&ettings…", ("Ctrl+Shift+P",), "settings", separated=True),
    Command("quit", "file", "&Quit", ("Ctrl+Q",), "", separated=True),
    Command("undo", "edit", "&Undo what was said of flags", ("Ctrl+Z",)),
    Command("redo", "edit", "R&edo what was said of flags", ("Ctrl+Y", "Ctrl+Shift+Z")),
    Command("copy", "edit", "Copy &rows", (), "", separated=True),
    Command("copy_as_filter", "edit", "Copy cell as &filter"),
    Command("copy_bytes", "edit", "Copy &bytes as hex"),
    Command("find", "edit", "F&ind text…", ("Ctrl+F",), "search", separated=True),
    Command("find_next", "edit", "Find &next", ("F3",)),
    Command("find_previous", "edit", "Find &previous", ("Shift+F3",)),
    Command("mark", "edit", "&Mark or unmark", ("Ctrl+M",), "", separated=True),
    Command("comment", "edit", "&Comment…", ("Ctrl+Alt+C",)),
    Command("previous_mark", "edit", "Previous mark", ("Ctrl+Shift+B",)),
    Command("next_mark", "edit", "Next mark", ("Ctrl+Shift+N",)),
    Command("show_packets", "view", "&Packets", ("Ctrl+1",), "table", group="page"),
    Command("show_statistics", "view", "&Statistics", ("Ctrl+2",), "protocols", group="page"),
    Command("show_history", "view", "&History", ("Ctrl+3",), "clock", group="page"),
    Command("time_of_day", "view", "Time of &day", ("Ctrl+Alt+1",), "", separated=True, group="time"),
    Command("time_since_start", "view", "Seconds since the st&art", ("Ctrl+Alt+2",), group="time"),
    Command("time_since_previous", "view", "Seconds since the row a&bove", ("Ctrl+Alt+3",), group="time"),
    Command("time_utc", "view", "Date and time, &UTC", ("Ctrl+Alt+4",), group="time"),
    Command("resolve_names", "view", "&Names instead of addresses", ("Ctrl+Alt+N",), "", separated=True),
    Command("colour_packets", "view", "&Colour packets", (), "", separated=True),
    Command("colour_rules", "view", "Colouring &rules…"),
    Command("start_stop", "capture", "&Start", ("Ctrl+E",), "start"),
    Command("restart", "capture", "&Restart", ("Ctrl+R",), "refresh"),
    Command("capture_options", "capture", "Capture &options…", ("Ctrl+K",), "settings", separated=True),
    Command("interfaces", "capture", "&Look for interfaces again", ("F5",)),
    Command("focus_filter", "go", "Display &filter", ("Ctrl+/",), "filter"),
    Command("clear_filter", "go", "&Clear filter", ()),
    Command("go_to", "go", "&Go to packet…", ("Ctrl+G",), "", separated=True),
    Command("previous", "go", "&Previous packet", ("F7", "Ctrl+Up")),
    Command("next", "go", "&Next packet", ("F8", "Ctrl+Down")),
    Command("back", "go", "&Back to the packet before", ("Alt+Left",), "", separated=True),
    Command("forth", "go", "F&orth again", ("Alt+Right",)),
    Command("follow_conversation", "go", "Follow con&versation", (), "", separated=True),
    Command("previous_in_conversation", "go", "Previous packet of the conversation", ("Ctrl+,",)),
    Command("next_in_conversation", "go", "Next packet of the conversation", ("Ctrl+.",)),
    Command("previous_flagged", "go", "Previous flagged packet", ("Ctrl+B",), "", separated=True),
    Command("next_flagged", "go", "Next flagged packet", ("Ctrl+N",)),
    Command("follow", "go", "Follow the &newest packet", ("Ctrl+End",), "", separated=True),
    Command("refit", "analysis", "&Refit the model now", ("Ctrl+Shift+R",), "refresh"),
    Command("show_flagged", "analysis", "Show &flagged packets only", (), "anomaly"),
    Command("show_listed", "analysis", "Show packets on &threat lists only"),
    Command("show_suppressed", "analysis", "Show &suppressed packets only"),
    Command("expected", "analysis", "&Expected…", ("E",), "", separated=True),
    Command("suspicious", "analysis", "Suspicious…", ("X",)),
    Command("once", "analysis", "&Just this once", ("Shift+E",)),
    Command("suppress", "analysis", "Su&ppress…", ("Ctrl+Shift+X",)),
    Command("corrections", "analysis", "&Corrections and rules…"),
    Command("self_test", "help", "Is it &working?", (), "check"),
    Command("learn_history", "analysis", "&Learn from the history…", (), "", separated=True),
    Command("train_classifier", "analysis", "&Train classifier…"),
    Command("shortcuts", "help", "&Keyboard shortcuts", ("F1",), "keyboard"),
    Command("about", "help", "&About TrafficDesk", (), "info"),
)


class Actions(QObject):
    """The commands as Qt actions: `actions["open"]`."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = {command.name: _action(command, parent) for command in COMMANDS}
        self._join_groups(parent)
        self._capturing = False
        self.recent = QMenu("Open &recent", parent)
        self["quit"].setMenuRole(QAction.MenuRole.QuitRole)
        self["settings"].setMenuRole(QAction.MenuRole.PreferencesRole)
        self["about"].setMenuRole(QAction.MenuRole.AboutRole)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def apply_theme(self, tokens: Tokens) -> None:
        """Draw the icons in the text's colour."""
        for command in COMMANDS:
            if command.icon:
                self[command.name].setIcon(icon(command.icon, tokens.text))

    def show_capturing(self, capturing: bool) -> None:
        """Start becomes Stop, and back."""
        self["start_stop"].setText("&Stop" if capturing else "&Start")
        self["restart"].setEnabled(capturing)

    def _join_groups(self, parent: QWidget) -> None:
        groups: dict[str, QActionGroup] = {}
        for command in COMMANDS:
            if command.group:
                group = groups.setdefault(command.group, QActionGroup(parent))
                self[command.name].setCheckable(True)
                group.addAction(self[command.name])

    def fill(self, bar: QMenuBar) -> None:
        """Put every command into its menu."""
        for name, title in MENUS:
            menu = bar.addMenu(title)
            for command in COMMANDS:
                if command.menu != name:
                    continue
                if command.separated:
                    menu.addSeparator()
                menu.addAction(self[command.name])
                if command.name == "open":
                    menu.addMenu(self.recent)


def _action(command: Command, parent: QWidget) -> QAction:
    action = QAction(command.text, parent)
    action.setShortcuts([QKeySequence(keys) for keys in command.keys])
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    action.setIconVisibleInMenu(False)
    return action


def shortcut_rows() -> list[tuple[str, str]]:
    """(keys, words) of every command that has keys, and of the keys that work in one place only."""
    rows = [
        (" or ".join(command.keys), command.text.replace("&", "").rstrip("…"))
        for command in COMMANDS
        if command.keys
    ]
    return [*rows, *_LOCAL_KEYS]


_LOCAL_KEYS: Final = [
    ("Enter", "Apply the display filter (in its line)"),
    ("Tab", "Take what the list beneath the display filter offers"),
    ("Ctrl+Space", "Offer what may come next in the display filter"),
    ("Down", "Offer the display filters applied before (in its line)"),
    ("Esc", "Close that list, else clear the display filter (in its line)"),
    ("Ctrl+C", "Copy the selected rows with a header, or the bytes"),
    ("Ctrl+A", "Select all rows shown"),
    ("End", "Go to the newest packet and follow"),
]
