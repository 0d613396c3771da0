"""A kept file as an answer: whole, or one range of its bytes, for readers that fetch what they need of it."""

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from service.kit.heads import IS_HEAD
from service.kit.kept_files import Lease

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class _Whole(FileResponse):
    chunk_size = 256 * 1024


class FileAnswer(Response):
    """Waits for its file when it is sent: by then the request's transaction has ended, and holds no connection.

    Headers say what it is. A range that is not one within the file is ignored, as RFC 9110 allows.
    """

    def __init__(
        self, get: Callable[[], Awaitable[Lease]], headers: Mapping[str, str], media_type: str, filename: str
    ) -> None:
        super().__init__(headers=headers, media_type=media_type)
        self._get = get
        self._said = dict(headers)
        self._filename = filename

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lease = await self._get()
        whole = _Whole(lease.path, headers=self._said, media_type=self.media_type, filename=self._filename)
        asked = MutableHeaders(scope={**scope, "headers": list(scope["headers"])})
        if not _is_within(asked.get("range", ""), lease.size):
            del asked["range"]
        method = "HEAD" if IS_HEAD in scope else "GET"
        await whole({**scope, "method": method, "headers": asked.raw}, receive, send)


def _is_within(asked: str, size: int) -> bool:
    found = _RANGE.fullmatch(asked)
    if found is None:
        return False
    first, last = found.groups()
    if not first:
        return bool(last) and 0 < int(last) <= size
    return int(first) < size and (not last or int(first) <= int(last))
