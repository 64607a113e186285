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
    return Template(_SHEET).substitute(
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


_SHEET: Final = """
QMainWindow, QDialog { background: $background; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 8px; }

QMenuBar { background: $panel; color: $text; border-bottom: 1px solid $line; padding: 2px 8px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 6px; }
QMenuBar::item:selected { background: $accent_background; }
QMenu { background: $raised; color: $text; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent_background; color: $text; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }

QWidget[class="bar"] { background: $panel; border-bottom: 1px solid $line; }
QWidget[class="page"] { background: $background; }
QWidget[class="side"] { background: $panel; }
QFrame[class="card"] { background: $raised; border: 1px solid $line; border-radius: 8px; }
QFrame[class="card-unusual"] {
  background: $raised; border: 1px solid $line; border-left: 4px solid $unusual; border-radius: 8px; }
QFrame[class="card-family"] {
  background: $raised; border: 1px solid $line; border-left: 4px solid $family; border-radius: 8px; }
QFrame[class="card-unusual"]:hover, QFrame[class="card-family"]:hover { background: $hover; }

QFrame[class="banner-error"] { background: $family_background; border-bottom: 1px solid $family; }
QFrame[class="banner-warning"] { background: $unusual_background; border-bottom: 1px solid $unusual; }
QFrame[class="banner-notice"] { background: $accent_background; border-bottom: 1px solid $accent; }
QFrame[class="banner-error"] QLabel, QFrame[class="banner-warning"] QLabel, QFrame[class="banner-notice"] QLabel {
  color: $text; }

QLabel { background: transparent; }
QLabel[class="reason"] {
  background: $raised; color: $family; border: 1px solid $family; border-radius: 6px; padding: 4px 8px; }
QLabel[class="head"] { font-weight: 600; }
QLabel[class="title"] { font-weight: 600; font-size: 20px; }
QLabel[class="muted"] { color: $muted; font-size: 12px; }
QLabel[class="error"] { color: $family; }
QLabel[class="warning"] { color: $unusual; }
QLabel[class="good"] { color: $good; }

QPushButton, QToolButton {
  background: $raised; color: $text; border: 1px solid $line; border-radius: 6px;
  padding: 0 12px; min-height: 30px; max-height: 30px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $pressed; }
QPushButton:checked, QToolButton:checked { background: $accent_background; border-color: $accent_background; }
QPushButton:focus, QToolButton:focus { border-color: $accent; }
QPushButton:disabled, QToolButton:disabled { color: $disabled; }
QPushButton:default, QPushButton[class="primary"] {
  background: $primary; color: $on_accent; border-color: $primary; font-weight: 600; }
QPushButton:default:hover, QPushButton[class="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[class="primary"]:disabled { background: $line; border-color: $line; color: $muted; }
QPushButton[class="small"], QToolButton[class="small"] {
  min-height: 22px; max-height: 22px; padding: 0 8px; font-size: 12px; }
QToolButton::menu-indicator { width: 0; image: none; }
QToolButton[class="flat"], QPushButton[class="flat"] { border-color: transparent; background: transparent; }
QToolButton[class="flat"]:hover, QPushButton[class="flat"]:hover { background: $hover; }

QPushButton[class="status"], QPushButton[class="status-quiet"] {
  background: transparent; color: $unusual; border: 1px solid transparent; border-radius: 4px;
  min-height: 18px; max-height: 18px; padding: 0 4px; }
QPushButton[class="status-quiet"] { color: $muted; }
QPushButton[class="status"]:hover, QPushButton[class="status-quiet"]:hover { background: $hover; }
QPushButton[class="status"]:focus, QPushButton[class="status-quiet"]:focus { border-color: $accent; }

QListView[class="popup"] { background: $raised; border: 1px solid $line; border-radius: 6px; padding: 4px; }
QToolBar { background: transparent; border: none; spacing: 4px; padding: 0; }
QToolBar QToolButton#qt_toolbar_ext_button {
  border-color: transparent; background: transparent; min-height: 22px; max-height: 22px; padding: 0; }

QToolButton[class="page"] { border-color: transparent; background: transparent; color: $muted; padding: 0 8px; }
QToolButton[class="page"]:hover { background: $hover; }
QToolButton[class="page"]:checked { background: $accent_background; color: $text; }
QToolButton[class="page"]:disabled { color: $disabled; }

QLineEdit, QComboBox, QAbstractSpinBox {
  background: $raised; color: $text; border: 1px solid $line; border-radius: 6px;
  padding: 0 8px; min-height: 30px; max-height: 30px;
  selection-background-color: $accent; selection-color: $on_accent; }
QPlainTextEdit, QTextEdit {
  background: $raised; color: $text; border: 1px solid $line; border-radius: 6px;
  selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus { border-color: $accent; }
QAbstractSpinBox QLineEdit {
  background: transparent; border: none; padding: 0 6px; min-height: 0; max-height: 30px; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button,
QDateTimeEdit::up-button, QDateTimeEdit::down-button {
  subcontrol-origin: border; width: 0; height: 0; border: none; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("$arrow"); width: 16px; height: 16px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line; padding: 4px; }
QLineEdit { placeholder-text-color: $muted; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator, QListView::indicator {
  width: 16px; height: 16px; border: 1px solid $muted; border-radius: 4px; background: $raised; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: $accent; border-color: $accent; image: url("$check"); }
QCheckBox::indicator:focus { border: 2px solid $accent; width: 14px; height: 14px; }
QRadioButton { spacing: 8px; }
QRadioButton::indicator { width: 16px; height: 16px; border: 1px solid $muted; border-radius: 9px; background: $raised; }
QRadioButton::indicator:checked { border-color: $accent;
  background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
    stop: 0 $on_accent, stop: 0.38 $on_accent, stop: 0.46 $accent, stop: 1 $accent); }
QRadioButton::indicator:focus:!checked { width: 14px; height: 14px; border: 2px solid $accent; }
QRadioButton:disabled { color: $muted; }
QLineEdit QToolButton {
  background: transparent; border: none; padding: 0; min-height: 16px; max-height: 16px; }
QLineEdit[state="valid"] { background: $good_background; border-color: $good; }
QLineEdit[state="invalid"] { background: $family_background; border-color: $family; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: $disabled; background: $background; }

QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar::tab { background: transparent; color: $muted; padding: 8px 12px; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }

QAbstractItemView {
  background: $panel; color: $text; border: none; outline: none;
  selection-background-color: $accent_background; selection-color: $text; }
QListView, QTreeView { background: $panel; }
QListView[class="boxed"] { border: 1px solid $line; border-radius: 6px; padding: 4px; }
QHeaderView { background: $panel; border: none; border-bottom: 1px solid $line; }
QHeaderView::section {
  background: $panel; color: $muted; border: none; padding: 0 8px; font-weight: 600; }

QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }

QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: $line; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QScrollArea { border: none; background: transparent; }

QProgressBar {
  background: $grid; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; color: transparent; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QSlider::groove:horizontal { background: $grid; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal {
  background: $accent; width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; }

QStatusBar { background: $background; border-top: 1px solid $line; color: $muted; }
QStatusBar::item { border: none; }
"""
