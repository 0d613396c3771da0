"""What binds the elements of a questionnaire document together, checked all at once."""

from service.kit.reasons import Fault, pointer
from service.questionnaires.lint.decoded import Decoded
from service.questionnaires.lint.items import ITEM_CHECKS
from service.questionnaires.lint.scales import SCALE_CHECKS
from service.questionnaires.lint.texts import TEXT_CHECKS


def lint(decoded: Decoded) -> list[Fault]:
    """Every fault between the elements."""
    checks = (*TEXT_CHECKS, *ITEM_CHECKS, *SCALE_CHECKS)
    return [Fault(pointer(steps), reason) for check in checks for steps, reason in check(decoded)]
