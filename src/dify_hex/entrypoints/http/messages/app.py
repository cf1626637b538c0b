"""Messages of one slice: apps."""

from dify_hex.entrypoints.http.messages.message import Messages

MESSAGES: Messages = {}
