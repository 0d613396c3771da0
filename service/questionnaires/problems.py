"""What questionnaires refuse."""

from service.problems import Conflict


class KeyTaken(Conflict):
    """This tenant has a questionnaire with that key already."""

    slug, title = "questionnaire-key-taken", "A questionnaire has this key already"
