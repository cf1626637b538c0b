"""A second opinion on where an answer ends, before its connection serves another request."""

import httptools

from dify_hex.domain.shared.outbound_errors import OutboundResponseTooLarge

#: Of the answer's head, whatever interim answers come before it included.
MAX_HEAD_BYTES = 64 << 10


class AnswerBoundary:
    """Reads along with the client, through another parser.

    Whatever a server sends beyond the end of its answer would be taken for the answer to the
    connection's next request. Only if both parsers saw the answer end with the last byte that
    came is the connection in order.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._parser = httptools.HttpResponseParser(self)
        self._received = 0
        self._has_head = False
        self._is_complete = False
        self._is_in_doubt = False

    @property
    def has_begun(self) -> bool:
        """Whether a byte of the answer has come."""
        return self._received > 0

    @property
    def leaves_order(self) -> bool:
        """Whether the answer has ended, nothing came after it, and the server goes on."""
        return self._is_complete and not self._is_in_doubt

    def doubt(self) -> None:
        """Never use the connection again."""
        self._is_in_doubt = True

    def follow(self, data: bytes) -> None:
        """Take what has come.

        Raises:
            OutboundResponseTooLarge: the head has no end.
        """
        if self._is_complete and data:
            self.doubt()
        self._received += len(data)
        if not self._is_in_doubt:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserError:
                self.doubt()
        if not self._has_head and self._received > MAX_HEAD_BYTES:
            raise OutboundResponseTooLarge(host=self._host, part="head", limit=MAX_HEAD_BYTES)

    def on_message_begin(self) -> None:
        """Another answer follows an interim one; after the answer itself it is nobody's."""
        if self._is_complete:
            self.doubt()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._has_head = self._parser.get_status_code() >= 200

    def on_message_complete(self) -> None:
        """An answer is whole."""
        if self._has_head:
            self._is_complete = True
            if not self._parser.should_keep_alive():
                self.doubt()
