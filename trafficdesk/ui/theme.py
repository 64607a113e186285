"""Colours, fonts and the style sheet: one set of tokens for light, one for dark.

`QStyleHints.setColorScheme` does nothing on the offscreen platform and on a bare X server, so the theme sets the
Fusion style and its own palette. Charts and painted cells take their colours from the same `Tokens`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette

from trafficdesk.paths import resources_dir
from trafficdesk.settings import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

BODY_PX: Final = 13
SECONDARY_PX: Final = 12
CONTROL_HEIGHT: Final = 32
ROW_HEIGHT: Final = 24
SPACING: Final = 4
"""Every distance is a multiple of this many pixels."""

_STYLED: Final = "trafficdesk.styled"
_UI_FAMILIES: Final = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")
_MONO_FAMILIES: Final = (
    "JetBrains Mono",
    "Cascadia Mono",
    "SF Mono",
    "Menlo",
    "Consolas",
    "Noto Sans Mono",
    "DejaVu Sans Mono",
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours by meaning, as #rrggbb."""

    dark: bool
    background: str
    """The page."""
    panel: str
    """Docks, tables, bars."""
    raised: str
    """Cards and controls."""
    text: str
    muted: str
    """Secondary text; contrast at least 4.5:1 on every background."""
    line: str
    """Separators and borders."""
    grid: str
    """Chart grid, empty part of a bar."""
    accent: str
    """Selection, primary action, first series."""
    accent_background: str
    """Behind what is selected."""
    primary: str
    """Fill of the primary action: the accent, darkened where white on it would be below 4.5:1."""
    on_accent: str
    """Text on the accent."""
    second: str
    third: str
    fourth: str
    unusual: str
    """Flagged by the model."""
    unusual_background: str
    family: str
    """Named by a rule; also errors."""
    family_background: str
    good: str
    """Valid, healthy."""
    good_background: str
    hues: tuple[str, ...]
    """Grounds of rows that a colouring rule chose: grey, blue, teal, green, olive, purple, pink."""

    @property
    def series(self) -> tuple[str, ...]:
        """Colours of a chart's series, in order."""
        return (self.accent, self.second, self.third, self.fourth)


LIGHT: Final = Tokens(
    dark=False,
    background="#f6f7f9",
    panel="#ffffff",
    raised="#ffffff",
    text="#1b1f24",
    muted="#5b6472",
    line="#dfe3e8",
    grid="#e8ebef",
    accent="#2563eb",
    accent_background="#e4ecfd",
    primary="#2563eb",
    on_accent="#ffffff",
    second="#0d9488",
    third="#7c3aed",
    fourth="#b45309",
    unusual="#d97706",
    unusual_background="#fff3df",
    family="#dc2626",
    family_background="#fde8e8",
    good="#16a34a",
    good_background="#f0fdf4",
    hues=("#eceff3", "#dfeafb", "#d9f2ef", "#def3df", "#eef0d3", "#ebe3fa", "#fbe2f0"),
)

DARK: Final = Tokens(
    dark=True,
    background="#14171b",
    panel="#1a1e23",
    raised="#20252b",
    text="#e6e9ee",
    muted="#98a2b3",
    line="#2b3138",
    grid="#2a3038",
    accent="#5b8def",
    accent_background="#22304b",
    primary="#3e6fd8",
    on_accent="#ffffff",
    second="#2dd4bf",
    third="#a78bfa",
    fourth="#f59e0b",
    unusual="#f59e0b",
    unusual_background="#33290f",
    family="#f87171",
    family_background="#3a1d1f",
    good="#4ade80",
    good_background="#16241b",
    hues=("#2a2f36", "#1d2b42", "#163230", "#1c3222", "#2f3119", "#2c2541", "#3a2233"),
)


def tokens_for(theme: Theme, app: QApplication) -> Tokens:
    """The tokens a setting asks for; `Theme.SYSTEM` follows the desktop, light where it does not say."""
    if theme is Theme.SYSTEM:
        dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT
    return DARK if theme is Theme.DARK else LIGHT


def apply(app: QApplication, tokens: Tokens) -> None:
    """Give the whole application these colours, Fusion's shapes and our fonts."""
    if app.property(_STYLED) is None:
        # Once: a second call deletes the style under widgets that are about to go, and the interpreter crashes.
        app.setStyle("Fusion")
        app.setProperty(_STYLED, True)
    app.setFont(ui_font())
    app.setPalette(palette(tokens))
    app.setStyleSheet(style_sheet(tokens))


def ui_font(pixels: int = BODY_PX) -> QFont:
    """The system's interface font at a pixel size."""
    return _font(_UI_FAMILIES, QFontDatabase.SystemFont.GeneralFont, pixels)


def mono_font(pixels: int = SECONDARY_PX) -> QFont:
    """For bytes, times and filters."""
    font = _font(_MONO_FAMILIES, QFontDatabase.SystemFont.FixedFont, pixels)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    # In a filter, == must not look like one sign.
    for ligatures in ("calt", "liga"):
        font.setFeature(QFont.Tag(ligatures), 0)
    return font


def number_font(pixels: int = BODY_PX) -> QFont:
    """The interface font with figures of equal width, for columns of numbers."""
    font = ui_font(pixels)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def palette(tokens: Tokens) -> QPalette:
    """Qt's colour roles from the tokens."""
    roles = QPalette.ColorRole
    colours = {
        roles.Window: tokens.background,
        roles.WindowText: tokens.text,
        roles.Base: tokens.panel,
        roles.AlternateBase: tokens.background,
        roles.ToolTipBase: tokens.raised,
        roles.ToolTipText: tokens.text,
        roles.PlaceholderText: tokens.muted,
        roles.Text: tokens.text,
        roles.Button: tokens.raised,
        roles.ButtonText: tokens.text,
        roles.BrightText: tokens.family,
        roles.Highlight: tokens.accent,
        roles.HighlightedText: tokens.on_accent,
        roles.Link: tokens.accent,
        roles.LinkVisited: tokens.third,
        roles.Light: tokens.raised,
        roles.Midlight: tokens.grid,
        roles.Mid: tokens.line,
        roles.Dark: tokens.line,
        roles.Shadow: tokens.line,
        roles.Accent: tokens.accent,
    }
    result = QPalette()
    for role, colour in colours.items():
        result.setColor(role, QColor(colour))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, mixed(tokens.muted, tokens.panel, 0.65))
    result.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(tokens.line))
    return result


def mixed(first: str, second: str, share: float) -> QColor:
    """`share` of `first` (0 to 1), the rest of `second`."""
    one, two = QColor(first), QColor(second)
    return QColor.fromRgbF(
        one.redF() * share + two.redF() * (1 - share),
        one.greenF() * share + two.greenF() * (1 - share),
        one.blueF() * share + two.blueF() * (1 - share),
    )


def style_sheet(tokens: Tokens) -> str:
    """Shapes and distances that a palette can't say.

    Item views' cells are not styled here: a style sheet on `::item` paints every cell through the slow path and
    overrides the model's colours.
    """
    hover = mixed(tokens.text, tokens.raised, 0.05).name()
    pressed = mixed(tokens.text, tokens.raised, 0.10).name()
    accent_hover = mixed(tokens.text if tokens.dark else "#000000", tokens.primary, 0.10).name()
    disabled = mixed(tokens.muted, tokens.panel, 0.65).name()
    colours = {name: value for name, value in asdict(tokens).items() if isinstance(value, str)}
    check = (resources_dir() / "icons" / "checked.svg").as_posix()
    arrow = (resources_dir() / "icons" / f"arrow-{'dark' if tokens.dark else 'light'}.svg").as_posix()
    sheet = Template((resources_dir() / "theme.qss").read_text("utf-8"))
    return sheet.substitute(
        colours,
        hover=hover,
        pressed=pressed,
        accent_hover=accent_hover,
        disabled=disabled,
        arrow=arrow,
        check=check,
    )


def _font(families: tuple[str, ...], fallback: QFontDatabase.SystemFont, pixels: int) -> QFont:
    font = QFontDatabase.systemFont(fallback)
    # The generic answer of a desktop without settings ("Sans Serif", "monospace") leaves the choice to fontconfig,
    # which picks differently for each weight; a family that is there is better.
    present = set(QFontDatabase.families())
    if font.family() not in present:
        chosen = next((family for family in families if family in present), None)
        if chosen:
            font.setFamily(chosen)
    font.setPixelSize(pixels)
    return font
