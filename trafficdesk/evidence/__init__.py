"""Evidence of an incident: made of a session for a file or a mail, opened again, its scores computed again."""
