"""Alpha, omega and ICC: figures that others published, examples worked by hand, and what is not defined."""

import csv
import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from service.releases import reliability
from service.releases.reliability import Icc, Moments, alpha, icc, omega, pairwise_covariance

MISSING = -1


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _grouped(groups: list[str], scores: list[int]) -> Icc:
    """ICC of whole-number scores of people in groups."""
    names = sorted(set(groups))
    own = [[score for name, score in zip(groups, scores, strict=True) if name == chosen] for chosen in names]
    return icc(map(len, own), map(sum, own), [sum(score**2 for score in part) for part in own])


@pytest.mark.shared
def test_textbook_alphas_of_a_file_with_gaps(shared_data: Path) -> None:
    """To all digits given, from the pairs of items that people answered; those who answered all tell another tale."""
    people = _table(shared_data / "bfi" / "bfi.csv")
    keys = {line["rownames"]: line["Keying"] for line in _table(shared_data / "bfi" / "bfi.dictionary.csv")}
    pairwise, whole = {}, {}
    for scale in "ACENO":
        items = [f"{scale}{at}" for at in range(1, 6)]
        rows = [
            [
                MISSING if person[item] in {"", "NA"} else abs((7 if keys[item] == "-1" else 0) - int(person[item]))
                for item in items
            ]
            for person in people
        ]
        matrix = np.array(rows, np.int16)
        assert np.unique(matrix).tolist() == [MISSING, 1, 2, 3, 4, 5, 6]
        pairwise[scale] = f"{alpha(pairwise_covariance(matrix, MISSING)):.3f}"
        whole[scale] = f"{alpha(Moments.of(matrix[(matrix != MISSING).all(axis=1)]).covariance()):.3f}"
    assert pairwise == {"A": "0.703", "C": "0.727", "E": "0.762", "N": "0.814", "O": "0.600"}
    assert whole == {"A": "0.704", "C": "0.729", "E": "0.761", "N": "0.813", "O": "0.603"}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "stems", "size", "expected"),
    [
        ("bhr2000", ("AF", "AP", "AS"), 11, "0.8913"),
        ("lq2002", ("LEAD",), 11, "0.9022"),
        ("lq2002", ("TSIG",), 3, "0.8231"),
        ("lq2002", ("HOSTIL",), 5, "0.8729"),
    ],
)
def test_alphas_of_soldiers(shared_data: Path, file: str, stems: tuple[str, ...], size: int, expected: str) -> None:
    people = _table(shared_data / "multilevel" / f"{file}.csv")
    items = [name for name in people[0] if name.startswith(stems) and name[-1].isdigit()]
    assert len(items) == size
    moments = Moments.of(np.array([[int(float(person[item])) for item in items] for person in people], np.int16))
    assert f"{alpha(moments.covariance()):.4f}" == expected


@pytest.mark.shared
def test_alphas_of_a_hundred_thousand_people(shared_data: Path) -> None:
    scales = {"supervisors": [47, 48, 49, 51, 52], "leaders": [53, 54, 56, 60, 61], "intrinsic": [3, 4, 6, 11, 12]}
    with gzip.open(shared_data / "fevs2018" / "responses.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        first = next(reader).index("Q1")
        rows = [bytes(map(int, row[first : first + 71])) for row in reader]
    matrix = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), 71)
    assert len(matrix) == 101_881
    found = {
        name: f"{alpha(Moments.of(matrix[:, np.array(items) - 1]).covariance()):.3f}" for name, items in scales.items()
    }
    assert found == {"supervisors": "0.943", "leaders": "0.908", "intrinsic": "0.857"}


@pytest.mark.shared
def test_published_icc_of_companies(shared_data: Path) -> None:
    """To all digits given; only the plain mean as the size of a group leads there."""
    people = _table(shared_data / "multilevel" / "bh1996.csv")
    # Stored to ten decimals, so whole numbers over 10^10: squares beyond 64 bits do no harm.
    scores = [round(float(person["WBEING"]) * 10**10) for person in people]
    found = _grouped([person["GRP"] for person in people], scores)
    assert f"{found.icc1:.7g}" == "0.04336905"

    people = _table(shared_data / "multilevel" / "bhr2000.csv")
    hours = [round(float(person["HRS"]) * 100) for person in people]
    found = _grouped([person["GRP"] for person in people], hours)
    assert (f"{found.icc1:.7f}", f"{found.icc2:.7f}") == ("0.1741008", "0.9199889")


@pytest.mark.shared
def test_means_of_three_waves(shared_data: Path) -> None:
    people = _table(shared_data / "multilevel" / "univbct.csv")[::3]  # a row for each wave
    assert len({person["SUBNUM"] for person in people}) == len(people) == 495
    for wave, mean in (("1", "3.235"), ("2", "3.246"), ("3", "3.338")):
        answered = [person[f"JOBSAT{wave}"] for person in people if person[f"JOBSAT{wave}"] not in {"", "NA"}]
        moments = Moments.of(np.array([[round(3 * float(answer))] for answer in answered], np.int16))
        assert f"{moments.total[0] / moments.n / 3:.3f}" == mean


def test_alpha_by_hand() -> None:
    # Variances 2 and 2, covariance 1: 2 / 1 * (1 - 4 / 6).
    assert alpha(np.array([[2.0, 1.0], [1.0, 2.0]])) == pytest.approx(2 / 3, abs=1e-15)
    # Two items that contradict each other more than not: alpha is negative, and said to be.
    assert alpha(np.array([[2.0, -0.5], [-0.5, 2.0]])) == pytest.approx(2 * (1 - 4 / 3), abs=1e-15)


LOADINGS = np.array([0.9, 0.6, 0.5])


def _of_loadings(loadings: npt.NDArray[np.float64], deviations: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The covariance matrix of items with exactly one factor."""
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1)
    return correlation * np.outer(deviations, deviations)


def test_omega_by_hand() -> None:
    # (.9 + .6 + .5)^2 = 4 over itself and .19 + .64 + .75.
    assert omega(_of_loadings(LOADINGS, np.ones(3))) == pytest.approx(4 / 5.58, abs=1e-9)
    # Deviations of 1, 2 and 4: (.9 + 1.2 + 2)^2 = 16.81 over itself and .19 + 4 * .64 + 16 * .75.
    assert omega(_of_loadings(LOADINGS, np.array([1.0, 2.0, 4.0]))) == pytest.approx(16.81 / 31.56, abs=1e-9)


def test_omega_of_an_item_that_should_have_been_reversed() -> None:
    # (.9 + .6 - .5)^2 = 1 over itself and the same unique variances.
    assert omega(_of_loadings(LOADINGS * [1, 1, -1], np.ones(3))) == pytest.approx(1 / 2.58, abs=1e-9)


def test_omega_is_alpha_where_all_items_are_alike() -> None:
    given = _of_loadings(np.full(6, 0.7), np.full(6, 1.3))
    assert omega(given) == pytest.approx(alpha(given), abs=1e-9)


def test_omega_where_a_loading_would_leave_its_limits() -> None:
    # Its square would have to be .9 * .9 / .5; held at 1, the others settle where x^3 + x = .9 + .5 x.
    given = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]])
    (other,) = [float(root.real) for root in np.roots([1, 0, 0.5, -0.9]) if abs(root.imag) < 1e-12]
    common = (1 + 2 * other) ** 2
    assert omega(given) == pytest.approx(common / (common + 2 * (1 - other**2)), abs=1e-9)


def test_omega_of_items_with_nothing_in_common_is_nought() -> None:
    assert omega(np.eye(5)) == 0


def test_omega_finds_its_way_along_a_flat_valley() -> None:
    """Two items tied by a third that hardly takes part: the slope is small far from the bottom."""
    given = _of_loadings(np.array([0.5**0.5, 0.5**0.5, 0.01 / 0.5**0.5]), np.ones(3))
    common = (2 * 0.5**0.5 + 0.01 / 0.5**0.5) ** 2
    assert omega(given) == pytest.approx(common / (common + 2 - 0.0002), abs=1e-6)


def test_omega_that_does_not_settle_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    given = _of_loadings(LOADINGS, np.ones(3))
    monkeypatch.setattr(reliability, "_ROUNDS", 1)
    assert omega(given) is None


NO_VARIANCE = np.zeros((4, 4))
CANCELLING = np.array([[1.0, -1.0, 0, 0], [-1.0, 1.0, 0, 0], [0, 0, 1.0, -1.0], [0, 0, -1.0, 1.0]])


@pytest.mark.parametrize("covariance", [None, np.empty((0, 0)), np.array([[2.0]]), NO_VARIANCE, CANCELLING])
def test_neither_is_defined(covariance: npt.NDArray[np.float64] | None) -> None:
    assert alpha(covariance) is None
    assert omega(covariance) is None


def test_a_variance_that_rounding_left_is_none() -> None:
    given = np.array([[0.1, -0.1, 0.0], [-0.1, 0.1, 0.0], [0.0, 0.0, 1e-17]])
    assert given.sum() > 0
    assert alpha(given) is None
    assert omega(given) is None


def test_omega_needs_three_items_that_vary() -> None:
    assert omega(np.array([[1.0, 0.5], [0.5, 1.0]])) is None
    constant = np.array([[1.0, 0.5, 0.5, 0.0], [0.5, 1.0, 0.5, 0.0], [0.5, 0.5, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert omega(constant) is None
    assert alpha(constant) == pytest.approx(4 / 3 * (1 - 3 / 6), abs=1e-15)


def test_perfect_items() -> None:
    assert alpha(np.ones((4, 4))) == pytest.approx(1, abs=1e-15)
    assert omega(np.ones((4, 4))) == pytest.approx(1, abs=1e-12)


def test_all_answers_missing() -> None:
    nobody = np.full((5, 3), MISSING, np.int16)
    assert pairwise_covariance(nobody, MISSING) is None
    assert Moments.of(nobody[:0]).covariance() is None
    assert Moments.of(nobody[:1]).covariance() is None
    one_pair_apart = np.array([[1, 2, MISSING], [2, 3, MISSING], [MISSING, 1, 2], [MISSING, 3, 4]], np.int16)
    assert pairwise_covariance(one_pair_apart, MISSING) is None


def test_a_covariance_by_hand() -> None:
    moments = Moments.of(np.array([[1, 5], [2, 3], [3, 4]], np.int16))
    assert (moments.n, moments.total.tolist()) == (3, [6, 12])
    assert moments.products.tolist() == [[14, 23], [23, 50]]
    found = moments.covariance()
    assert found is not None
    assert found.tolist() == [[1.0, -0.5], [-0.5, 1.0]]


def test_a_pairwise_covariance_by_hand() -> None:
    found = pairwise_covariance(np.array([[1, 5], [2, 3], [3, MISSING], [6, 4]], np.int8), MISSING)
    assert found is not None
    # All four of the first item; of both items, people with means of 3 and 4.
    assert found.tolist() == [[14 / 3, -1 / 2], [-1 / 2, 1.0]]


def test_a_constant_is_known_to_be_one_however_large() -> None:
    large = np.array([[90_000_001, 7]] * 999, np.int64)
    found = Moments.of(large).covariance()
    assert found is not None
    assert found.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    large[0, 0] -= 1
    found = Moments.of(large).covariance()
    assert found is not None
    assert found[0, 0] == 1 / 999


def test_blocks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.random.default_rng(4).integers(-3, 12, (1000, 7), np.int16)
    whole = Moments.of(matrix)
    assert whole.products.tolist() == (matrix.astype(np.int64).T @ matrix).tolist()
    monkeypatch.setattr(reliability, "_BLOCK", 64)
    for found in (Moments.of(matrix), Moments.of(matrix[:301]) + Moments.of(matrix[301:])):
        assert (found.n, found.total.tolist()) == (1000, matrix.sum(axis=0).tolist())
        assert found.products.tolist() == whole.products.tolist()


def test_sums_that_could_be_wrong_are_refused() -> None:
    with pytest.raises(TypeError):
        Moments.of(np.ones((3, 2)))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Moments.of(np.ones((3, 2), bool))  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        Moments.of(np.full((1, 1), 1 << 27, np.int64))  # a square that doubles do not hold
    with pytest.raises(OverflowError):
        Moments.of(np.full((1 << 13, 1), -(1 << 26), np.int64))
    half = Moments(1, np.zeros(1, np.int64), np.full((1, 1), 1 << 62, np.int64))
    with pytest.raises(OverflowError):
        half + half


def test_icc_by_hand() -> None:
    # Groups (1, 2) and (3, 4): B = 4, W = 1 / 2.
    assert _grouped(["a", "a", "b", "b"], [1, 2, 3, 4]) == pytest.approx((3.5 / 4.5, 3.5 / 4), abs=1e-15)
    # Another unit and another zero are another way to write the same.
    assert _grouped(["a", "a", "b", "b"], [107, 114, 121, 128]) == pytest.approx((3.5 / 4.5, 3.5 / 4), abs=1e-15)


def test_icc_of_groups_of_one_and_of_nobody() -> None:
    # Groups (1, 3), (4, 6) and (8) about 4.4: B = (2 * 2.4^2 + 2 * 0.6^2 + 3.6^2) / 2 = 12.6, W = (2 + 2) / 2.
    expected = (10.6 / (12.6 + 2 / 3 * 2), 10.6 / 12.6)
    assert icc([2, 2, 1], [4, 10, 8], [10, 52, 64]) == pytest.approx(expected, abs=1e-15)
    assert icc([2, 0, 2, 1], [4, 0, 10, 8], [10, 0, 52, 64]) == icc([2, 2, 1], [4, 10, 8], [10, 52, 64])


def test_icc_of_squares_known_for_everybody_alone() -> None:
    assert icc([2, 2, 1], [4, 10, 8], [126, 0, 0]) == icc([2, 2, 1], [4, 10, 8], [10, 52, 64])
    with pytest.raises(ValueError, match="squares"):
        icc([2, 2], [4, 10], [30, 27])


def test_icc_of_ten_thousand_groups_of_all_sizes() -> None:
    """In whole numbers all the way: a unit in ten million is not lost."""
    sizes = [1 + at % 500 for at in range(10_000)]
    totals = [size * 10_000_000 for size in sizes]
    squares = [size * 10_000_000**2 for size in sizes]
    assert icc(sizes, totals, squares) == (None, None)
    totals[0] += 1
    squares[0] += 2 * 10_000_000 + 1
    people, groups = sum(sizes), len(sizes)
    # One person of a group of one is 1 above all others, who are alike: W = 0.
    assert icc(sizes, totals, squares) == (1.0, 1.0)
    squares[1] += 1_000
    within = 1_000 / (people - groups)
    between = (1 - 1 / people) / (groups - 1)
    assert icc(sizes, totals, squares).icc2 == pytest.approx(1 - within / between, rel=1e-14)


def test_icc_at_its_ends() -> None:
    assert _grouped(["a", "a", "b", "b"], [1, 1, 3, 3]) == (1.0, 1.0)
    # The same mean everywhere: less alike than chance, and no reliability to speak of.
    assert _grouped(["a", "a", "b", "b"], [1, 3, 1, 3]) == (-1.0, None)


@pytest.mark.parametrize(
    ("n", "total", "square_total"),
    [
        ([], [], []),
        ([0, 0], [0, 0], [0, 0]),
        ([5], [15], [55]),
        ([5, 0], [15, 0], [55, 0]),
        ([1, 1, 1], [1, 2, 3], [1, 4, 9]),
        ([2, 3], [4, 6], [8, 12]),
    ],
)
def test_icc_is_not_defined(n: list[int], total: list[int], square_total: list[int]) -> None:
    assert icc(n, total, square_total) == (None, None)
    assert icc(*(np.array(part, np.int64) for part in (n, total, square_total))) == (None, None)


def test_icc_of_arrays_that_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        icc([2, 2], [4, 10], [10])
