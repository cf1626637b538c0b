"""Messages of one slice: workflows and their runs."""

from dify_hex.entrypoints.http.messages.message import Messages

MESSAGES: Messages = {}
