"""Messages of one slice: identity."""

from dify_hex.entrypoints.http.messages.message import Messages

MESSAGES: Messages = {}
