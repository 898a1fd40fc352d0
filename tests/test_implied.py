"""Relations that are left out of linear models follow from those that stay."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csc_matrix, hstack, identity

from common_metrics.disclosure.implied import is_needed

# A whole, its parts, and whether they are all of it.
Relation = tuple[str, list[str], bool]


def needed(relations: list[Relation]) -> tuple[np.ndarray, np.ndarray]:
    """Return which relations stay, and their terms: a row each, a column a number."""
    names = sorted({name for whole, parts, _ in relations for name in [whole, *parts]})
    terms = np.zeros((len(relations), len(names)))
    for row, (whole, parts, _) in enumerate(relations):
        terms[row, names.index(whole)] = 1
        terms[row, [names.index(part) for part in parts]] = -1
    complete = np.array([is_complete for *_, is_complete in relations])
    none = np.zeros(len(names))
    rest = hstack([csc_matrix(terms), -identity(len(relations))], format="csc")
    system = SimpleNamespace(
        matrix=rest,
        link=np.concatenate([np.arange(len(names)), np.full(len(relations), -1)]),
        lowest=np.concatenate([none, 0 * complete]),
        highest=np.concatenate([none + np.inf, np.where(complete, 0, np.inf)]),
        is_public=np.concatenate([none > 0, complete]),
    )
    return is_needed(system, csc_matrix(terms).tocsr()), terms


def left_out(relations: list[Relation]) -> list[Relation]:
    stays, _ = needed(relations)
    return [each for each, kept in zip(relations, stays, strict=True) if not kept]


def test_girls_are_no_more_than_girls_and_boys() -> None:
    girls = ("all", ["girls"], False)
    assert left_out([girls, ("all", ["girls", "boys"], True)]) == [girls]
    assert left_out([girls, ("all", ["girls", "boys"], False)]) == [girls]
    assert left_out([girls, girls]) == [girls]
    assert left_out([girls, ("others", ["girls", "boys"], True)]) == []


def test_who_graduates_in_four_years_is_a_student_as_graduates_are() -> None:
    chain = [("all", ["graduates"], False), ("graduates", ["in_four"], False)]
    short = ("all", ["in_four"], False)
    assert left_out([*chain, short]) == [short]


def test_numbers_that_hold_each_other_keep_their_relations() -> None:
    circle = [("a", ["b"], False), ("b", ["a"], False)]
    assert left_out([*circle, ("c", ["a"], False), ("c", ["b"], False)]) == []


def test_what_is_the_whole_of_its_parts_stays() -> None:
    twice = ("all", ["girls", "boys"], True)
    assert left_out([twice, twice]) == []


NAMES = list("abcdef")
RELATIONS = st.lists(
    st.permutations(NAMES).flatmap(
        lambda names: st.tuples(
            st.just(names[0]),
            st.integers(1, 3).map(lambda size: sorted(names[1 : 1 + size])),
            st.integers(0, 5).map(lambda n: n == 0),
        )
    ),
    min_size=2,
    max_size=9,
)


@settings(max_examples=300, deadline=None)
@given(RELATIONS)
def test_no_table_that_the_others_allow_breaks_one_that_was_left_out(
    relations: list[Relation],
) -> None:
    stays, terms = needed(relations)
    complete = np.array([is_complete for *_, is_complete in relations])
    for row in np.flatnonzero(~stays):
        least = linprog(
            terms[row],
            A_ub=-terms[stays & ~complete],
            b_ub=np.zeros((stays & ~complete).sum()),
            A_eq=terms[stays & complete],
            b_eq=np.zeros((stays & complete).sum()),
            bounds=(0, 100),
        )
        assert least.fun >= -1e-9
