"""What can go wrong outside our code, each with a sentence of cause and one of remedy.

Every error a person may meet derives from `TrafficDeskError`. A caller's mistake raises Python's built-in
exceptions instead, so that an environment's fault and our bug are never the same type.
"""

from __future__ import annotations


class TrafficDeskError(Exception):
    """The environment's fault.

    Parameters
    ----------
    title : one sentence: what happened, with the object's name and the number.
    hint : one sentence: what the person can do about it; may be empty.
    """

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.title} {self.hint}".strip()

    def __reduce__(self) -> tuple[type[TrafficDeskError], tuple[str, str]]:
        return type(self), (self.title, self.hint)


class CaptureError(TrafficDeskError):
    """Frames can't be had from where they were asked for."""


class PermissionDenied(CaptureError):  # noqa: N818  # named after what the person is told
    """The system does not let this user capture."""


class InterfaceNotFound(CaptureError):  # noqa: N818
    """No interface has that name, or it has gone."""


class BadCaptureFilter(CaptureError):  # noqa: N818
    """The BPF expression does not compile."""


class BadCaptureFile(CaptureError):  # noqa: N818
    """A capture file is broken; what comes before the fault has been delivered already.

    Parameters
    ----------
    offset : byte in the (decompressed) file at which reading stopped.
    packets : packets delivered before the fault.
    """

    def __init__(self, title: str, hint: str = "", *, offset: int = 0, packets: int = 0) -> None:
        super().__init__(title, hint)
        self.offset = offset
        self.packets = packets


class SpoolError(TrafficDeskError):
    """Raw frames can't be kept on disk; the capture goes on without."""


class BadDisplayFilter(TrafficDeskError):  # noqa: N818
    """The display filter can't be understood.

    Parameters
    ----------
    position : 0-based character at which it went wrong, or -1.
    """

    def __init__(self, title: str, hint: str = "", *, position: int = -1) -> None:
        super().__init__(title, hint)
        self.position = position


class SettingsError(TrafficDeskError):
    """Settings can't be read or written."""


class ExportError(TrafficDeskError):
    """A file can't be written (no permission, full disk); nothing half-written is left behind."""


class StoreError(TrafficDeskError):
    """The history can't be used."""


class AlertError(TrafficDeskError):
    """An alert can't be delivered.

    Parameters
    ----------
    dialogue : the conversation with the mail server so far, without secrets.
    """

    def __init__(self, title: str, hint: str = "", *, dialogue: str = "") -> None:
        super().__init__(title, hint)
        self.dialogue = dialogue


class NotEnoughData(TrafficDeskError):  # noqa: N818
    """Too few rows for what was asked."""


class BadModel(TrafficDeskError):  # noqa: N818
    """A classifier's file was changed, is none, or is one of another version's features."""


class BadLabels(TrafficDeskError):  # noqa: N818
    """A file of labels can't be understood."""
