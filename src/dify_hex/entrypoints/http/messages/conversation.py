"""Messages of one slice: conversations and messages."""

from dify_hex.entrypoints.http.messages.message import Messages

MESSAGES: Messages = {}
