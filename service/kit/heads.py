"""HEAD wherever there is GET (RFC 9110): the same answer without its body. Pure ASGI."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

IS_HEAD = "pouls.head"
"""In the scope of a HEAD: for an answer that would have to be made first."""


class Heads:
    """The layer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        is_told = False

        async def head(message: Message) -> None:
            nonlocal is_told
            if message["type"] != "http.response.start":
                if is_told:
                    return
                is_told = True
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            # The server looks at the method to know that no body follows the length that is told.
            scope["method"] = "HEAD"
            try:
                await send(message)
            finally:
                scope["method"] = "GET"

        # In this very scope, in which the router leaves its route for those around it.
        scope["method"], scope[IS_HEAD] = "GET", True
        try:
            await self.app(scope, receive, head)
        finally:
            scope["method"] = "HEAD"
