"""Scales, indices and their bands in a document: what is refused, and where."""

import pytest

from service.questionnaires.document import Document
from tests.make.faulty_documents import TEXT, Fault, Json, Put, changed, faults, source


def _sample() -> Json:
    """Six ratings of five points in three scales, two more of seven points, and an index of two scales."""
    items: list[Json] = [{"id": f"q{at}", "type": "rating", "points": 5} for at in range(6)]
    items += [{"id": f"r{at}", "type": "rating", "points": 7} for at in range(2)]
    items += [{"id": "nps", "type": "enps"}, {"id": "why", "type": "text"}]
    scales: list[Json] = [
        {"id": "s", "title": TEXT, "items": ["q0", "q1"]},
        {"id": "t", "title": TEXT, "items": ["q2", "q3", "q4"]},
        {"id": "u", "title": TEXT, "items": ["r0", "r1"]},
    ]
    return source(items, scales=scales, indices=[{"id": "x", "title": TEXT, "scales": ["s", "t"]}])


def _bands(*cuts: float | None) -> list[Json]:
    """Bands from these cut-offs on."""
    return [{"id": f"b{at}", "title": TEXT} | ({} if cut is None else {"at_least": cut}) for at, cut in enumerate(cuts)]


def _when(*conditions: Json | None) -> list[Json]:
    return [
        {"id": f"b{at}", "title": TEXT} | ({} if when is None else {"when": when}) for at, when in enumerate(conditions)
    ]


ABOVE = "must be above the lowest score and at most the highest"
LAST = "must have a condition (when), unless it is the last band, which has none"
LARGE = "have numbers of items whose common multiple is too large"

# What is put where, and all faults expected.
BAD: list[tuple[list[Put], list[Fault]]] = [
    ([(("scales", 0, "items", 0), "nps")], [("/scales/0/items/0", "must be a rating item")]),
    (
        [(("scales", 0, "items", 0), "r0")],
        [
            ("/scales/0/items", "must be rating items with the same number of points"),
            ("/scales/2/items/0", "is already part of a scale"),
            ("/indices/0/scales", "must be scales with the same number of points"),
        ],
    ),
    ([(("scales", 0, "weights"), [1])], [("/scales/0/weights", "must be as many as the items")]),
    ([(("scales", 0, "weights"), [1, 2, 3])], [("/scales/0/weights", "must be as many as the items")]),
    ([(("scales", 0, "weights"), [0, 2])], [("/scales/0/weights/0", "must be at least 1")]),
    ([(("scales", 0, "weights"), [1, 101])], [("/scales/0/weights/1", "must be at most 100")]),
    ([(("scales", 0, "weights"), [1, 1.5])], [("/scales/0/weights/1", "must be an integer")]),
    ([(("scales", 0, "score"), "median")], [("/scales/0/score", "must be 'mean', 'sum' or 'percent'")]),
    ([(("scales", 0, "favourable"), "yes")], [("/scales/0/favourable", "must be 'high' or 'low'")]),
    ([(("scales", 0, "rule"), "each")], [("/scales/0/rule", "must be 'person' or 'group'")]),
    ([(("scales", 2, "answered"), 0)], [("/scales/2/answered", "must be at least 1")]),
    ([(("scales", 2, "answered"), 3)], [("/scales/2/answered", "must be at most the number of items")]),
    (
        [(("scales", 2, "answered"), 1), (("scales", 2, "rule"), "group")],
        [("/scales/2/answered", "is for scores of persons: the group rule counts every answer")],
    ),
    (
        [(("scales", 2, "answered"), 1), (("scales", 2, "weights"), [1, 2])],
        [("/scales/2/answered", "must be absent where there are weights")],
    ),
    (
        [(("scales", 2, "answered"), 1), (("scales", 2, "weights"), [3, 3])],
        [("/scales/2/answered", "must be absent where there are weights")],
    ),
    # Bands by cut-offs.
    ([(("scales", 0, "bands"), _bands(None))], [("/scales/0/bands", "must have at least 2 entries")]),
    ([(("scales", 0, "bands"), _bands(None, *[2] * 10))], [("/scales/0/bands", "must have at most 10 entries")]),
    (
        [(("scales", 0, "bands"), [*_bands(None, 2), {"id": "b1", "title": TEXT, "at_least": 3}])],
        [("/scales/0/bands/2/id", "is already the id of another band")],
    ),
    (
        [(("scales", 0, "bands"), _bands(1, 2))],
        [("/scales/0/bands/0/at_least", "must be absent: the first band begins at the lowest score")],
    ),
    (
        [(("scales", 0, "bands"), _bands(None, 2, None))],
        [("/scales/0/bands/2", "must say where the band begins (at_least)")],
    ),
    (
        [(("scales", 0, "bands"), _bands(None, 2.125))],
        [("/scales/0/bands/1/at_least", "must have at most two decimals")],
    ),
    (
        [(("scales", 0, "bands"), _bands(None, 3, 3))],
        [("/scales/0/bands/2/at_least", "must be more than in the band before")],
    ),
    (
        [(("scales", 0, "bands"), _bands(None, 3, 2))],
        [("/scales/0/bands/2/at_least", "must be more than in the band before")],
    ),
    ([(("scales", 0, "bands"), _bands(None, 1))], [("/scales/0/bands/1/at_least", ABOVE)]),
    ([(("scales", 0, "bands"), _bands(None, 5.01))], [("/scales/0/bands/1/at_least", ABOVE)]),
    ([(("scales", 2, "bands"), _bands(None, 7.01))], [("/scales/2/bands/1/at_least", ABOVE)]),
    (
        [(("scales", 2, "score"), "sum"), (("scales", 2, "bands"), _bands(None, 2))],
        [("/scales/2/bands/1/at_least", ABOVE)],
    ),
    (
        [(("scales", 2, "score"), "sum"), (("scales", 2, "bands"), _bands(None, 14.5))],
        [("/scales/2/bands/1/at_least", ABOVE)],
    ),
    (
        [
            (("scales", 2, "score"), "sum"),
            (("scales", 2, "weights"), [2, 3]),
            (("scales", 2, "bands"), _bands(None, 35.5)),
        ],
        [("/scales/2/bands/1/at_least", ABOVE)],
    ),
    (
        [(("scales", 2, "score"), "percent"), (("scales", 2, "bands"), _bands(None, 0))],
        [("/scales/2/bands/1/at_least", ABOVE)],
    ),
    (
        [(("scales", 2, "score"), "percent"), (("scales", 2, "bands"), _bands(None, 100.01))],
        [("/scales/2/bands/1/at_least", ABOVE)],
    ),
    (
        [(("scales", 0, "bands"), _when({"s": {"at_least": 2}}, None))],
        [("/scales/0/bands/0/when/s", "is not one of the index's scales")],
    ),
    # Bands of an index.
    ([(("indices", 0, "bands"), _bands(None, 5.5))], [("/indices/0/bands/1/at_least", ABOVE)]),
    (
        [(("indices", 0, "bands"), _when({"s": {"at_least": 2}}, {"t": {"below": 2}}))],
        [("/indices/0/bands/1", LAST)],
    ),
    (
        [(("indices", 0, "bands"), _when({"s": {"at_least": 2}}, None, None))],
        [("/indices/0/bands/1", LAST)],
    ),
    (
        [(("indices", 0, "bands"), _when({"u": {"at_least": 2}}, None))],
        [("/indices/0/bands/0/when/u", "is not one of the index's scales")],
    ),
    (
        [(("indices", 0, "bands"), _when({"s": {}}, None))],
        [("/indices/0/bands/0/when/s", "must say at_least, below or both")],
    ),
    (
        [(("indices", 0, "bands"), _when({}, None))],
        [("/indices/0/bands/0/when", "must have at least 1 entries")],
    ),
    (
        [(("indices", 0, "bands"), [*_when({"s": {"below": 2}}), _bands(None, 3)[1]])],
        [("/indices/0/bands/1/at_least", "must be absent where bands have conditions (when)")],
    ),
    (
        [(("indices", 0, "bands"), _when({"s": {"at_least": 2}}, None)), (("indices", 0, "rule"), "group")],
        [("/indices/0/bands", "must not have conditions: the group rule knows no scores of persons")],
    ),
    # What an index may be made of.
    ([(("scales", 1, "answered"), 2)], [("/indices/0/scales", "must be scales that need all their items")]),
    (
        [(("scales", 1, "rule"), "group")],
        [("/indices/0/scales", "must be scales scored person by person, unless the index has the group rule too")],
    ),
    (
        [(("scales", 1, "score"), "percent")],
        [("/indices/0/scales", "must be scored alike, by their mean or in percent")],
    ),
    (
        [(("scales", 0, "score"), "sum"), (("scales", 1, "score"), "sum")],
        [("/indices/0/scales", "must be scored alike, by their mean or in percent")],
    ),
    (
        [(("indices", 0, "combine"), "ratio"), (("indices", 0, "scales"), ["s"])],
        [("/indices/0/scales", "must be two: a ratio is the first over the second")],
    ),
    (
        [
            (("indices", 0, "combine"), "ratio"),
            (("scales", 0, "score"), "percent"),
            (("scales", 1, "score"), "percent"),
        ],
        [("/indices/0/scales", "must be scored by their mean: a ratio compares means")],
    ),
    ([(("indices", 0, "combine"), "product")], [("/indices/0/combine", "must be 'mean' or 'ratio'")]),
    ([(("scales", 0, "weights"), [100, 99]), (("scales", 1, "weights"), [97, 1, 1])], [("/indices/0/scales", LARGE)]),
    ([(("outcome",), "nowhere")], [("/outcome", "is not a scale or index of this document")]),
    ([(("outcome",), "q0")], [("/outcome", "is not a scale or index of this document")]),
]


@pytest.mark.parametrize(("changes", "expected"), BAD, ids=range(len(BAD)))
def test_a_fault_of_a_scale_or_index_is_named_by_its_place(changes: list[Put], expected: list[Fault]) -> None:
    assert faults(changed(_sample(), *changes)) == expected


SOUND: list[list[Put]] = [
    [],
    [(("scales", 0, "weights"), [100, 1]), (("scales", 2, "weights"), [7, 9])],
    [(("scales", 2, "answered"), 2)],
    [(("scales", 1, "answered"), 3)],  # all of them, so that it may be part of an index
    [(("scales", 2, "answered"), 1)],
    [(("scales", 2, "rule"), "group")],
    [(("scales", 0, "rule"), "group"), (("indices", 0, "rule"), "group")],
    [(("indices", 0, "rule"), "group")],
    [(("scales", 0, "bands"), _bands(None, 1.01, 5))],
    [(("scales", 2, "bands"), _bands(None, 7))],
    [(("scales", 2, "score"), "sum"), (("scales", 2, "bands"), _bands(None, 2.01, 14))],
    [(("scales", 2, "score"), "percent"), (("scales", 2, "bands"), _bands(None, 0.01, 100))],
    [
        (("scales", 0, "score"), "percent"),
        (("scales", 1, "score"), "percent"),
        (("indices", 0, "bands"), _bands(None, 99)),
    ],
    [(("indices", 0, "combine"), "ratio"), (("indices", 0, "bands"), _bands(None, 0.25, 5))],
    [
        (("indices", 0, "combine"), "ratio"),
        (("scales", 0, "weights"), [100, 99]),
        (("scales", 1, "weights"), [97, 1, 1]),
    ],
    [(("indices", 0, "bands"), _when({"s": {"at_least": 2, "below": 3}, "t": {"below": 2}}, None))],
    [(("outcome",), "x")],
    [(("outcome",), "u")],
]


@pytest.mark.parametrize("changes", SOUND, ids=range(len(SOUND)))
def test_a_sound_scale_or_index_is_accepted(changes: list[Put]) -> None:
    document = Document.parse(changed(_sample(), *changes))
    assert Document.parse(document.as_json()).digest() == document.digest()


@pytest.mark.parametrize("units", [("sum", "mean"), ("mean", "sum"), ("sum", "sum"), ("percent", "mean")])
def test_a_ratio_compares_means(units: tuple[str, str]) -> None:
    changes = [(("scales", at, "score"), unit) for at, unit in enumerate(units)]
    found = faults(changed(_sample(), (("indices", 0, "combine"), "ratio"), *changes))
    assert found == [("/indices/0/scales", "must be scored by their mean: a ratio compares means")]


def test_faults_of_scales_come_beside_those_of_form() -> None:
    changes = [
        (("items", 9), {"id": "why", "type": "drawing", "text": TEXT}),
        (("scales", 2, "answered"), 9),
        (("scales", 0, "bands"), _bands(None, 9)),
        (("indices", 0, "combine"), "ratio"),
        (("indices", 0, "scales"), ["s"]),
        (("outcome",), "nowhere"),
    ]
    assert {pointer for pointer, _ in faults(changed(_sample(), *changes))} == {
        "/items/9/type",
        "/scales/2/answered",
        "/scales/0/bands/1/at_least",
        "/indices/0/scales",
        "/outcome",
    }


def test_new_fields_that_are_absent_are_not_written() -> None:
    written = Document.parse(_sample()).canonical().decode()
    for field in ("weights", "score", "favourable", "rule", "answered", "bands", "combine", "outcome", "sections"):
        assert f'"{field}"' not in written
    every = changed(
        _sample(),
        (("scales", 0, "weights"), [1, 2]),
        (("scales", 0, "favourable"), "low"),
        (("scales", 2, "answered"), 1),
        (("scales", 0, "bands"), _bands(None, 2.5)),
        (("outcome",), "x"),
    )
    document = Document.parse(every)
    assert document.as_json()["scales"][0]["bands"][1]["at_least"] == 2.5
    assert document.as_json()["outcome"] == "x"
    assert document.digest() != Document.parse(_sample()).digest()


def test_a_cut_off_is_the_same_written_whole_or_with_a_point() -> None:
    whole, pointed = (
        Document.parse(changed(_sample(), (("scales", 0, "bands"), _bands(None, cut)))) for cut in (3, 3.0)
    )
    assert whole.digest() == pointed.digest()
