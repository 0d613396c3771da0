"""The pictures of `openapi/guides/pictures`, made anew of a demo's results.

    pouls demo --json --data DIR > line.json      # and leave it running
    python -m tests.make.pictures line.json

Figures are drawn anew with each demo; the pictures show where things are, not what anybody's scores are.
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx2

from tests.make.browser import browser, looked_at
from tests.make.formats import READ
from tests.make.node_packages import ROOT
from tests.make.world import ok

FOLDER = ROOT / "openapi" / "guides" / "pictures"
CAMPAIGN = "Care diagnostic"


def job(client: httpx2.Client, release: str) -> list[dict[str, Any]]:
    """What the browser opens, and what of it is kept."""
    report, charts = f"/v1/releases/{release}/report", f"/v1/releases/{release}/charts"
    return [
        _shown(client, f"{report}?language=en", "report-en.png"),
        _shown(client, f"{report}?language=fr", "report-fr-withheld.png", at="#below", height=335),
        _shown(client, f"{charts}/means.svg?language=en", "chart-means.png", width=744, height=310),
        _shown(client, f"{charts}/heatmap.svg?language=en&theme=dark", "chart-heatmap-dark.png", width=744, height=270),
    ]


def _shown(
    client: httpx2.Client, address: str, name: str, at: str | None = None, width: int = 820, height: int = 620
) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.is_success, (address, answer.text)
    context = {"viewport": {"width": width, "height": height}, "color_scheme": "light"}
    page = {"url": f"https://pouls.example{address}", "headers": dict(answer.headers), "body": answer.text}
    return page | {"context": context, "picture": str(FOLDER / name), "at": at}


def main(line: Path) -> None:
    demo = json.loads(line.read_text(encoding="utf-8"))
    headers = {"Authorization": f"Bearer {demo['keys'][READ]}", "Accept-Encoding": "identity"}
    FOLDER.mkdir(exist_ok=True)
    with httpx2.Client(base_url=demo["url"], headers=headers, timeout=60) as client:
        (release,) = [one for one in ok(client.get("/v1/releases"))["data"] if one["campaign"]["name"] == CAMPAIGN]
        with browser() as started:
            looked_at(started, job(client, release["id"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
