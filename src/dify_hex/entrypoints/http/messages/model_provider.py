"""Messages of one slice: models and their providers."""

from dify_hex.entrypoints.http.messages.message import Messages

MESSAGES: Messages = {}
