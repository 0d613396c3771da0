"""What writes of the organisation refuse."""

from service.problems import Problem


class OrganisationBusy(Problem):
    """The organisation is being written, by an import or others before this call; nothing was done, try it again."""

    slug, title, status = "organisation-busy", "The organisation is being written", 409
    retry_after_s = 10
