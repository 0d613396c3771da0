"""The image as its Dockerfile says it."""

import re

from tests.make.chart import ROOT


def final_stage() -> list[str]:
    """The instructions of the image that is shipped, continuation lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    start = max(index for index, line in enumerate(lines) if line.startswith("FROM "))
    return lines[start:]
