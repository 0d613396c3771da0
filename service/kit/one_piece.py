"""An answer in one piece: an extension of ASGI for the hot route.

Sent as ASGI has it, an answer's head and its body are two messages: uvicorn checks every header again and writes both
apart, and uvloop hands each to the kernel at once. That is two system calls, two packets, and a client that is woken
twice, for an answer that is the same each time: a sixth of a profile's samples. An application that finds the extension
in its scope may call it with a whole answer instead. Where it returns False, nothing was sent, and the application
answers the ordinary way: the client is gone, slow to read, sent its next request already, or wants no other answer
after this one.
"""

from collections.abc import Callable

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_NAME = "pouls.one_piece"
LONGEST_HEAD = 64 * 1024
Answer = Callable[[bytes, bytes], bool]
"""Called with the status line, and with the other headers, the blank line and the body; whether it was sent."""


def one_piece(scope: Scope) -> Answer | None:
    """The extension, where the server has it."""
    extensions = scope.get("extensions")
    found: Answer | None = extensions.get(_NAME) if extensions else None
    return found


class OnePieceProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the extension; what is no plain answer on an open connection is left to uvicorn.

    And with an end to how long the head of a request may be, which uvicorn's has for the URL alone.
    """

    _head = -1  # bytes of it that came in so far; -1: none is coming

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head >= 0:
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self._head = -1
                self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        self._head = -1
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()
        self.scope["extensions"] = {_NAME: self._answer}  # type: ignore[dict-item]  # uvicorn names only its own

    def _answer(self, status_line: bytes, rest: bytes) -> bool:
        cycle = self.cycle  # of the request that is being answered, unless others wait behind it
        ordinary = self.pipeline or self.flow.write_paused or cycle.access_log
        if ordinary or cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        # What `RequestResponseCycle.send` does for the two messages.
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        server = b"".join(b"%b: %b\r\n" % header for header in self.server_state.default_headers)
        self.transport.write(status_line + server + rest)
        cycle.message_event.set()
        cycle.on_response()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # Protocol and cycle name each other, some kilobytes for each connection; where everybody answers once, and
        # connects for it, they would lie there until the collector comes by.
        if self.cycle is None or self.cycle.response_complete:
            self.cycle = None  # type: ignore[assignment]  # as it is before the first request
            self.scope = None  # type: ignore[assignment]  # likewise
