"""What imports of people refuse."""

from service.problems import Busy, Conflict, Invalid, Problem


class ImportUnreadable(Invalid):
    """The file is not what its media type says, or is beyond what can be read of it; `detail` says why."""

    slug, title = "import-unreadable", "The file can not be read"


class ImportHeadersRefused(Invalid):
    """The headers do not say what is what; `errors` names columns of the file, or places in the mapping."""

    slug, title = "import-headers-refused", "The file's headers are not understood"


class ImportEmpty(Invalid):
    """No line of the file can be taken. In full mode that would have deactivated everybody: nothing was changed."""

    slug, title = "import-empty", "The file holds nobody"


class ImportTooRisky(Conflict):
    """More people would leave or move than the thresholds allow, or lines do not say whom they are about.

    Nothing was changed; `detail` holds the counts, `Location` leads to the report. If it is meant, send
    `accept_risk=true`.
    """

    slug, title = "import-too-risky", "The import would change too much"


class ImportRunning(Problem):
    """Somebody else is writing the organisation; nothing was changed, try again in a moment."""

    slug, title, status = "import-running", "Another import is running", 409

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "10"})


class ImportNotUndone(Conflict):
    """The import can not be taken back: `detail` says why; nothing was changed."""

    slug, title = "import-not-undone", "The import can not be undone"


class ImportersBusy(Busy):
    """As many files are being read as can be at once; nothing was stored."""

    slug, title = "importers-busy", "Too many files are being read"
