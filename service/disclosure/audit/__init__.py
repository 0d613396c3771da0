"""The independent auditor: published rows and a class table in, a verdict with its reason out.

It knows nothing of how the rows were chosen and shares no code with what chose them. For a set of published rows it
says *safe* (proved), *unsafe* (with a combination of rows, in exact fractions, that describes too few people), or *not
proved* (the budget of operations ran out, or numbers came too close to call).

How a system is proved safe. A combination v of rows that describes fewer than k people has a largest coefficient, at
some point i (a class of people whom the rows do not tell apart) with n_i < k. For each such i the auditor shows that
there is no such v, by perturbations of the data that published sums do not notice (`branch`): each is found by a linear
programme over a neighbourhood (`simplex`, `neighbourhood`) and rounded to whole multiples of a small unit. Where one
perturbation does not do it, two cases are told apart, and so on.

Nothing in floating point is part of a proof. A rounded perturbation need not be unseen exactly: the rows' sums of it
are added up in whole numbers, and what any v with largest coefficient 1 can see of it is at most these sums' total
times a bound (`settled`). The bound is that of an inverse of the rows, itself found in floating point and checked in
whole numbers, as is every row that is said to depend on others (`inverse`). What may be seen counts against the proof.
A neighbourhood can only lose a proof, never make a wrong one: on its points v is a combination of the rows as far as
they reach into it.

How an example is found. Random numbers modulo a prime that every row's sum cancels (`modular`) show at once whether a
group of points is isolated by some combination; which it is, with what coefficients, is then solved for, and the rows
are added up in fractions (`confirm`). No suspicion is reported that does not pass this.

Items and scales. Each item is judged with its own respondents, together with the rows of the scales that add it up
(`case`). That proves safety of items and scales together; of what seems to leak it says *unsafe* where the answers to
all items bear it out, and *not proved* otherwise.

Whole waves (`wave`): all measures and families at once, over classes and places given as numbers. Where the places are
nested, no equations are needed: what they leave of each other decides, in numbers of people. Where they cross, what
is proved for the people and rows that many systems have in common is proved for each of them (`common_system`), and the
rest is searched in each system by itself.

Branches and gaps. An item that only some people are asked stands only where the distributions of the items that decide
it do (`gates`), and where both who was asked and who was not are enough (`asked`). A scale that scores people who
skipped some of its items is judged as if its sums were published for each number of items answered (`layers`), and at
nested places by what one multiple of its items' sums can cancel (`gaps`). Figures that relate answers to each other are
made of many people, and of hardly fewer than each answer's own figures (`relations`).

Numbers of people. Of a release that is about to be made, every printed number is a band of five or more (`sight`), and
that of what relates answers is rounded down to a multiple of five. Releases that are out are taken as they are: before,
large numbers were told exactly. From the rows alone (`alone`), a band says what all of its numbers say.
"""

from service.disclosure.audit.alone import by_rows_alone
from service.disclosure.audit.judge import BUDGET, audit
from service.disclosure.audit.model import (
    THRESHOLDS,
    AuditRefused,
    Classes,
    Finding,
    Labels,
    Leak,
    Refusal,
    Report,
    Row,
    Verdict,
)
from service.disclosure.audit.relations import relations
from service.disclosure.audit.tally import Tally, tallies
from service.disclosure.audit.wave import FAMILIES, Gaps, Measured, Published, Wave, Where, audit_wave

__all__ = [
    "BUDGET",
    "FAMILIES",
    "THRESHOLDS",
    "AuditRefused",
    "Classes",
    "Finding",
    "Gaps",
    "Labels",
    "Leak",
    "Measured",
    "Published",
    "Refusal",
    "Report",
    "Row",
    "Tally",
    "Verdict",
    "Wave",
    "Where",
    "audit",
    "audit_wave",
    "by_rows_alone",
    "relations",
    "tallies",
]
