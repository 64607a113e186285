"""What becomes an alert, its mail, and its way to the mail server; in a thread of its own."""

from trafficdesk.alerts.dispatcher import AlertDispatcher
from trafficdesk.alerts.policy import AlertPolicy, Announcement

__all__ = ["AlertDispatcher", "AlertPolicy", "Announcement"]
