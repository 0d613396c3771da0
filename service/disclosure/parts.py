"""Scales against their items, indices against their scales: what their sums give away together, and the cure.

The reader knows, of each published cell of each measure, the exact sum over its respondents. People skip items, so a
scale speaks of other people than its items do, and item sums less scale sums can leave the few who skipped something.

**Who stays in a combination.** Take any signed combination of all released sums. Within one *piece* (the people whose
nearest published cell is the same, in each pattern involved) the coefficients are constants: a_q for item q, and b for
the scale of m items. Of the people of a piece, the *complete* answered all m; those *with a gap* answered s < m, and
are scored by the mean of these s (where the scale allows that); the *partial* answered some and are not scored. An
item's answer has coefficient a_q + b/m, a_q + b/s, or a_q. For b != 0 the complete people of a piece drop out only
where a_q = -b/m for every item q, and then everybody else who is *uneven* (partial, or with a gap) stays in, through
any item answered. So each piece of a block of the scale keeps at least min(uneven, complete) people, and the whole
combination at least `g`, the sum of that over the pieces of the block.

**The rule.** The pattern of a scale lies inside that of each of its items (so that pieces refine its blocks), and each
of its blocks satisfies one of:

- nobody is uneven: then b/m may be added to each a_q without changing anything, and the scale is gone from the
  combination, as it adds nothing to what its items give away, which the tree lemma has settled item by item;
- nobody is scored: b multiplies nothing, and is gone too;
- g >= k: whatever uses this block describes at least k people.

A combination that is not zero therefore either uses a block with g >= k, or is one of items alone, each with its own
answers, and keeps a whole block of some item, of k people or more. For an index put "complete on all its scales" for
complete and "complete on some of its scales but not all" for partial: complete people drop out only if every item of
scale s has the coefficient -(b_s + c_s), where c_s != 0 is the index's share; who completed s, but not all scales,
keeps -c_s != 0 on the items of s. Blocks of the index without partial people are absorbed into the scales (b_s + c_s),
whose own argument then runs. A scale that allows gaps is in no index.

Note that g = 0 with both complete and uneven people is refused: blocks of different items can overlap so that items
cancel in one piece only together with another one, and leave the complete people of a third, fewer than k.

**Favourable shares, distributions and bands of the score** are sums of functions of somebody's answers. Such a function
is a constant (which only counts who answered) plus a component for each set T of items that hangs on all of T and
averages out over each of them; people keep a component where they answered T, and are described where any is not zero.

- T of two items or more is held by the scale and its index alone: items cancel nothing of it. Who is complete, in a
  block of the scale that uses it, stays in, but for what an index takes away as above.
- T of one item: the argument above stands, with "-b" read as a function that is not constant. A scale that treats its
  items alike (equal weights; a band looks at the score) gives each item the same function.

Where items are not treated alike (unlike formats; in bands, unequal weights or scales of unlike length, or a band that
looks at one scale) the function may be constant on the answers to one item only. There `partial` is replaced by the
fewest people that any one part leaves over, and nobody may have gaps.

With gaps, one block has for each s the function F(mean of the s answers) + (sum of s shares h)/s, with the same F and h
for all s. As soon as s >= 2, a function of a sum that has no components of two items is straight: F(t) = At + B at all
scores that s answers can give, among them the single answers. So if nothing of the complete people is of two items,
their item functions are (Ax + h)/m, and who has a gap holds (Ax + h)/s or something of two items. Where Ax + h is not
constant, all the uneven stay in, as above. Where it is constant, F - At may still differ from a constant at scores that
only s answers can give (a band from 4.3 to 4.35): all people of size s in the block stay in, and no others need to. So
where there are bands, the people of each size are nobody or k in each block.

A mean is a combination of a distribution; as the cells of a distribution lie inside those of the mean, combinations
that say more than a mean are constant on whole blocks of the distribution, and keep k_distribution people by the same
argument with its pattern, up to multiples of the score. A favourable share can be as good as a mean (three answers), so
a whole whose parts have means must itself be judged as a mean.

**Squares** (standard deviations) of a sum of two or more parts hold products of answers. Nothing else published holds
these but bands of the score, in the cells of the distribution, inside which the deviations lie: with bands, squares are
one more function F above, and keep its k. Without, every scored person of the block stays in who answered two parts or
more. So a scale that scores who answered one has no deviations. Of one part, squares are the part's own.

**Numbers of respondents** differ, between a part and the whole, by nobody or by k people in each block, hence in each
published cell; with gaps, both those who answered the part and are not scored, and those who are scored without it.
"""

import numpy as np

from service.disclosure.tree import NOBODY, Ints, Mask, Tree


def withdraw(
    tree: Tree,
    published: Mask,
    finer: Mask,
    k: int,
    *,
    scored: Ints,
    complete: Ints,
    uneven: Ints,
    apart: Ints,
    alike: bool,
) -> Mask:
    """The cells of a scale (or index) that may stay, of those its own numbers of respondents allow.

    From the leaves up, a block that fails first takes in blocks just below it, by hiding their cells: one that mends it
    alone, the smallest such, else the smaller ones together until it is mended. Only where that does not help does it
    hide its own cell and join the block above, which is then judged with it. So a division is hidden before the whole
    company is. Blocks settled further down are not touched by either, so one pass ends with every block safe.

    Args:
        tree: the org tree.
        published: cells of the measure, [size], inside the pattern of each of its parts.
        finer: union of the patterns of all its parts, and of their parts, [size].
        k: smallest group of the measure in this family.
        scored: respondents of the measure in each class, [size].
        complete: those of them without a gap, [size].
        uneven: people of each class who answered some of its parts, not all, scored or not, [size].
        apart: numbers that are nobody's or of k people in each block, [numbers, size]: respondents of each part who are
            not respondents of the measure, and what gaps bring with them.
        alike: whatever the measure publishes hangs on each item below in the same way. Otherwise nobody has gaps.

    Returns:
        Mask of the cells that stay.
    """
    piece = tree.blocks(np.stack([complete, uneven, *apart], axis=1), np.repeat(finer[:, None], len(apart) + 2, 1))
    left_over = piece[:, 1] if alike else piece[:, 2:].min(axis=1)
    kept_in = np.minimum(piece[:, 0], left_over)
    facts = np.stack([kept_in, scored, uneven, *apart], axis=1)
    block = tree.blocks(facts, np.repeat(published[:, None], facts.shape[1], axis=1)).tolist()
    above = tree.above(published).tolist()
    people = tree.sums(scored).tolist()
    below: dict[int, list[int]] = {}
    stays = published.copy()
    for level in reversed(tree.levels):
        for node in level[published[level]].tolist():
            under = below.pop(node, [])
            for hidden in _mended_by(node, under, block, people, k):
                stays[hidden] = False
                block[node] = _joined(block[node], block[hidden])
                under.remove(hidden)
                under += below.get(hidden, [])
            upper = above[node]
            if _safe(block[node], k):
                below[node] = under
                if upper != NOBODY:
                    below.setdefault(upper, []).append(node)
                continue
            stays[node] = False
            if upper != NOBODY:
                block[upper] = _joined(block[upper], block[node])
                below.setdefault(upper, []).extend(under)
    return stays


def _mended_by(node: int, under: list[int], block: list[list[int]], people: list[int], k: int) -> list[int]:
    """The cells to hide, of those just below, so that the block of `node` is safe; none where it is, or can not be."""
    if _safe(block[node], k):
        return []
    # A block in which nobody is uneven leaves every figure that fails as it is.
    helpful = sorted((cell for cell in under if block[cell][2]), key=lambda cell: (people[cell], block[cell], cell))
    for cell in helpful:
        if _safe(_joined(block[node], block[cell]), k):
            return [cell]
    together = block[node]
    for count, cell in enumerate(helpful, 1):
        together = _joined(together, block[cell])
        if _safe(together, k):
            return helpful[:count]
    return []


def _joined(one: list[int], other: list[int]) -> list[int]:
    return [mine + theirs for mine, theirs in zip(one, other, strict=True)]


def _safe(block: list[int], k: int) -> bool:
    kept_in, scored, uneven, *apart = block
    if any(0 < people < k for people in apart):
        return False
    return uneven == 0 or scored == 0 or kept_in >= k
