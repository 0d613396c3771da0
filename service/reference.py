"""The reference at `/docs`: Swagger UI out of a wheel, from our own address, so that a closed network can read it.

No script stands in the page itself, and its policy forbids the browser every other address.
"""

from importlib import resources
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from service.problems import NotFound

PATH = "/docs"
_KEPT_FOR_S = 3600
# Swagger UI draws its icons out of `data:` addresses; without them it does its work all the same.
_POLICY = "default-src 'self'; img-src 'self' data:"
_HEADERS = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
# Of the wheel, its files alone: what it would do to the application names full addresses, wrong behind a proxy.
_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_START = "start.js"

# Every address is relative to the page, so that it holds under any prefix.
_PAGE = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pouls: API reference</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<main id="reference"></main>
<noscript>This page needs its script; what it shows stands in <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/{_START}"></script>
</body>
</html>
"""
# Without `validatorUrl`, the page would send its description's address to a validator elsewhere.
_SCRIPT = """\
SwaggerUIBundle({url: "openapi.json", dom_id: "#reference", deepLinking: true, validatorUrl: null});
"""


async def _page(_: Request) -> Response:
    return Response(_PAGE, media_type="text/html", headers=_HEADERS)


async def _file(request: Request) -> Response:
    name = request.path_params["file"]
    headers = _HEADERS | {"Cache-Control": f"public, max-age={_KEPT_FOR_S}"}
    if name == _START:
        return Response(_SCRIPT, media_type="text/javascript", headers=headers)
    if name not in _FILES:
        raise NotFound
    return FileResponse(Path(str(resources.files("fastapi_swagger"))) / "resources" / name, headers=headers)


ROUTES = (Route(PATH, _page), Route(f"{PATH}/{{file}}", _file))
