"""A kept file as an answer: whole, or one range of its bytes, for readers that fetch what they need of it."""

import re
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from service.kit.heads import IS_HEAD
from service.kit.kept_files import Lease

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class FileAnswer(FileResponse):
    """Headers say what it is. A range that is not one within the file is ignored, as RFC 9110 allows."""

    chunk_size = 256 * 1024

    def __init__(self, lease: Lease, headers: Mapping[str, str], media_type: str, filename: str) -> None:
        super().__init__(lease.path, headers=headers, media_type=media_type, filename=filename)
        self._lease = lease

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = MutableHeaders(scope={**scope, "headers": list(scope["headers"])})
        if not self._is_within(asked.get("range", "")):
            del asked["range"]
        method = "HEAD" if IS_HEAD in scope else "GET"
        await super().__call__({**scope, "method": method, "headers": asked.raw}, receive, send)

    def _is_within(self, asked: str) -> bool:
        found = _RANGE.fullmatch(asked)
        if found is None:
            return False
        first, last = found.groups()
        if not first:
            return bool(last) and 0 < int(last) <= self._lease.size
        return int(first) < self._lease.size and (not last or int(first) <= int(last))
