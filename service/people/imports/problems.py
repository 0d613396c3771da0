"""What imports of people refuse."""

from service.people.problems import OrganisationBusy
from service.problems import Busy, Conflict, Invalid

SEND_AGAIN = "send it with `dry_run=true` to see whom, and with `accept_risk=true` if it is meant"
NOT_ONE_LINE = "Not one line of the file can be taken; in full mode everybody would leave."
UNITS_FIRST = "Send the units under this source first, or a mapping with `create_units`."


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

    Nothing was changed; `detail` holds the counts, `import_id` and `Location` lead to the report. If it is meant, send
    `accept_risk=true`. Each time a file is sent it is compared with the organisation as it is then, and has a report of
    its own.
    """

    slug, title = "import-too-risky", "The import would change too much"


class ImportRunning(OrganisationBusy):
    """Another file of the tenant is being taken in, or somebody writes the organisation; nothing was changed.

    Try again in a moment: the file is then compared with what the other has made.
    """

    slug, title = "import-running", "Another import or write is under way"


class ImportNotUndone(Conflict):
    """The import can not be taken back: `detail` says why; nothing was changed.

    Where people have been changed since, `people` has the first 200 of them, each with the line of the file (null: in
    none) and the external id, and `people_total` says how many there are.
    """

    slug, title = "import-not-undone", "The import can not be undone"


class ImportersBusy(Busy):
    """As many files are being taken in as can be at once; nothing was stored, try again in a moment."""

    slug, title = "importers-busy", "Too many files are being read"
    retry_after_s = 10
