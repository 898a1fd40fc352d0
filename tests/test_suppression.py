"""What is hidden so that no small number can be solved for: hand-made tables."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common_metrics.disclosure import control, kept, protection
from common_metrics.disclosure.moves import Moves
from common_metrics.disclosure.numbers import system_of
from common_metrics.disclosure.witnesses import NOBODY

LEAST = 5


def tables_of(
    counts: dict[str, int],
    sums: list[tuple[str, list[str]]],
    schools: dict[str, str] | None = None,
) -> tuple[pd.DataFrame, ...]:
    """Return the tables that tell of some numbers; each is a cell of its own.

    All are of one school, or of those that are named; whose school is None are a
    state's. Every cell has the same large denominator, which is nobody's secret.
    """
    names = [*counts, "below"]
    of = [(schools or {}).get(name, None if schools else "s") for name in names]
    values = [*counts.values(), 10_000]
    cells = pd.DataFrame(
        {
            "cell_id": range(1, len(counts) + 1),
            "provider": "p",
            "level": ["school" if school else "state" for school in of[:-1]],
            "state": "VT",
            "school_key": of[:-1],
            "school_year": 2015,
            "metric_id": list(counts),
            "student_group": "all",
            "is_denominator_small": False,
            "has_counts": True,
            "is_withheld": False,
            "is_small": [value < LEAST for value in counts.values()],
        }
    )
    numbers = pd.DataFrame(
        {
            "count_id": range(1, len(names) + 1),
            "level": ["school" if school else "state" for school in of],
            "place_key": [school or "VT" for school in of],
            "school_year": 2015,
            "count_name": names,
            "student_group": "all",
            "student_count": values,
            "lowest_known": None,
            "highest_known": None,
            "is_printed": [name == "below" for name in names],
            "is_released": False,
            "min_interval": LEAST,
            "cells_count": 1,
        }
    ).astype({"lowest_known": float, "highest_known": float})
    shown = pd.DataFrame(
        [
            {"cell_id": cell, "side": side, "count_id": count}
            for cell in range(1, len(counts) + 1)
            for side, count in (("numerator", cell), ("denominator", len(names)))
        ]
    )
    terms = [
        {
            "relation_id": relation,
            "kind": "groups",
            "count_id": names.index(name) + 1,
            "coefficient": sign,
            "rest_count": counts[whole] - sum(counts[part] for part in parts),
            "min_interval": LEAST,
            "is_rest_protected": False,
            "is_complete": True,
        }
        for relation, (whole, parts) in enumerate(sums, 1)
        for name, sign in ((whole, 1.0), *((part, -1.0) for part in parts))
    ]
    return cells, shown, numbers, pd.DataFrame(terms)


def hidden_of(
    counts: dict[str, int],
    sums: list[tuple[str, list[str]]],
    schools: dict[str, str] | None = None,
) -> set[str]:
    return hidden_by(tables_of(counts, sums, schools))


def hidden_by(
    tables: tuple[pd.DataFrame, ...], answers: Path | None = None
) -> set[str]:
    found = control.suppressed_cells(*map(pa.Table.from_pandas, tables), answers)
    return set(found["metric_id"].to_pylist())


def possible(
    counts: dict[str, int], sums: list[tuple[str, list[str]]], hidden: set[str]
) -> dict[str, set[int]]:
    """Try every table: which values of each hidden number fit what is shown?"""
    names, seen = sorted(hidden), {name: set() for name in hidden}
    for values in itertools.product(range(41), repeat=len(names)):
        table = counts | dict(zip(names, values, strict=True))
        if all(table[whole] == sum(table[p] for p in parts) for whole, parts in sums):
            for name, value in zip(names, values, strict=True):
                seen[name].add(value)
    return seen


def test_what_is_large_and_stands_beside_no_small_number_stays() -> None:
    counts = {"all": 40, "female": 18, "male": 22}
    assert hidden_of(counts, [("all", ["female", "male"])]) == set()


def test_where_nothing_is_restricted_nothing_is_hidden() -> None:
    names = [*control.KEYS, "cell_id", "has_counts", "is_small", "is_withheld"]
    cells = pa.table({name: pa.array([], pa.bool_()) for name in names})
    nothing = pa.table({})
    found = control.suppressed_cells(cells, nothing, nothing, nothing)
    assert found.num_rows == 0
    assert found.column_names == [*control.KEYS, "reason", "is_denominator_hidden"]


def test_a_small_group_is_never_hidden_alone() -> None:
    counts = {"all": 40, "female": 38, "male": 2}
    hidden = hidden_of(counts, [("all", ["female", "male"])])
    assert {"male"} < hidden


def test_two_small_groups_that_sum_to_little_take_a_third_with_them() -> None:
    counts = {"all": 60, "a": 1, "b": 2, "c": 20, "d": 37}
    hidden = hidden_of(counts, [("all", ["a", "b", "c", "d"])])
    assert {"a", "b"} < hidden and len(hidden) == 3


def test_a_hidden_number_that_stands_in_two_sums_is_guarded_in_both() -> None:
    """Girls and boys by two schools: rows and columns both sum, as in any table."""
    counts = {"f1": 2, "m1": 20, "f2": 21, "m2": 22, "s1": 22, "s2": 43, "f": 23}
    sums = [("s1", ["f1", "m1"]), ("s2", ["f2", "m2"]), ("f", ["f1", "f2"])]
    hidden = hidden_of(counts, sums)
    seen = possible(counts, sums, hidden)
    assert all(max(values) - min(values) >= LEAST for values in seen.values())


def test_a_kept_release_changes_nothing_unless_it_shows_what_would_be_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def answered(parts: list, folder: Path | None) -> list[np.ndarray]:
        asked.append(len(parts))
        return kept.answered(parts, folder)

    monkeypatch.setattr(control, "answered", answered)
    counts = {"all": 60, "a": 1, "b": 2, "c": 20, "d": 37}
    tables = tables_of(counts, [("all", ["a", "b", "c", "d"])])
    numbers = tables[2]
    hidden = hidden_by(tables)
    numbers["is_released"] = ~numbers.count_name.isin(hidden)
    assert hidden_by(tables) == hidden and asked[-1] == 0
    (third,) = hidden - {"a", "b"}
    numbers["is_released"] = numbers.count_name == third
    assert len(hidden_by(tables) - hidden) == 1 and asked[-1] == 1


NETWORK = {"fa": "a", "ma": "a", "fb": "b", "mb": "b", "fc": "c", "mc": "c"}


def network(counts: list[int]) -> tuple[dict[str, int], list[tuple[str, list[str]]]]:
    """Girls and boys of three schools, and their state's."""
    of_schools = dict(zip(NETWORK, counts, strict=True))
    f, m = (sum(v for k, v in of_schools.items() if k[0] == g) for g in "fm")
    sums = [("f", ["fa", "fb", "fc"]), ("m", ["ma", "mb", "mc"])]
    return of_schools | {"f": f, "m": m}, sums


def learnt(counts: dict[str, int], hidden: set[str], reader: str | None) -> set[str]:
    """Return what one who knows the numbers of a school tells closely of the others."""
    found = set()
    for total in "fm":
        row = [name for name in counts if name[0] == total]
        unknown = {n for n in row if n in hidden and NETWORK.get(n, "") != reader}
        if reader and unknown == {total}:
            continue  # Its own numbers and shown ones: that tells of nobody else.
        left = sum(counts[name] for name in unknown)
        if len(unknown) == 1 or total not in unknown and left < LEAST:
            found |= unknown
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0, 2, 4, 6, 15, 30]), min_size=6, max_size=6))
def test_no_school_tells_closely_what_another_hides(counts: list[int]) -> None:
    counts, sums = network(counts)
    hidden = hidden_of(counts, sums, NETWORK)
    for reader in (None, "a", "b", "c"):
        assert learnt(counts, hidden, reader) == set()


def test_a_school_that_hid_nothing_before_reads_along_too() -> None:
    counts, sums = network([2, 30, 30, 30, 30, 30])
    assert hidden_of(counts, sums, NETWORK) == {"fa", "fb", "fc"}


def test_more_is_hidden_from_two_schools_than_from_a_stranger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts, sums = network([2, 30, 3, 30, 30, 30])
    assert hidden_of(counts, sums, NETWORK) == {"fa", "fb", "fc"}
    monkeypatch.setattr(
        protection.Cluster, "_reads", lambda cluster: cluster.readers == NOBODY
    )
    hidden = hidden_of(counts, sums, NETWORK)
    assert learnt(counts, hidden, None) == set()
    assert learnt(counts, hidden, "a") == {"fb"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=3, max_size=3))
def test_no_hidden_number_can_be_told_closely_by_trying_all(parts: list[int]) -> None:
    counts = dict(zip("abc", parts, strict=True)) | {"all": sum(parts)}
    sums = [("all", ["a", "b", "c"])]
    hidden = hidden_of(counts, sums)
    assert {name for name, value in counts.items() if value < LEAST} <= hidden
    seen = possible(counts, sums, hidden)
    assert all(max(values) - min(values) >= LEAST for values in seen.values())


def test_without_further_cells_the_small_one_would_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control, "protect", lambda system, answers: None)
    counts = {"all": 40, "female": 38, "male": 2}
    sums = [("all", ["female", "male"])]
    hidden = hidden_of(counts, sums)
    assert hidden == {"male"}
    assert possible(counts, sums, hidden) == {"male": {2}}


@pytest.fixture
def states() -> tuple[pd.DataFrame, ...]:
    counts, sums = network([2, 30, 3, 28, 25, 30])
    return tables_of(counts, sums, NETWORK)


def test_what_is_hidden_does_not_depend_on_the_order_of_rows(
    states: tuple[pd.DataFrame, ...],
) -> None:
    hidden = hidden_by(states)
    for seed in range(3):
        mixed = tuple(table.sample(frac=1, random_state=seed) for table in states)
        assert hidden_by(mixed) == hidden


def test_a_place_of_residuals_alone_has_nothing_to_move(
    states: tuple[pd.DataFrame, ...],
) -> None:
    cells, *others = states
    system = system_of(cells, *map(pa.Table.from_pandas, others))
    cluster = protection.Cluster(system)
    given = (cluster.relations, cluster.residuals, cluster.is_needed, cluster.room)
    moves = Moves(system, np.array([], int), *given)
    assert [moves.cheapest(int(rest), 1) for rest in cluster.residuals[:2]] == [
        None
    ] * 2


def test_a_process_of_its_own_hides_the_same(
    states: tuple[pd.DataFrame, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, apart = hidden_by(states), []
    asked = kept._apart
    monkeypatch.setattr(kept, "LARGE", 0)
    monkeypatch.setattr(kept, "_apart", lambda part: apart.append(1) or asked(part))
    assert hidden_by(states) == hidden
    assert apart


def test_a_cluster_that_did_not_change_is_not_asked_again(
    states: tuple[pd.DataFrame, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden, asked = hidden_by(states, tmp_path), []
    protect = kept.protect_cluster
    monkeypatch.setattr(
        kept, "protect_cluster", lambda part: asked.append(1) or protect(part)
    )
    assert hidden_by(states, tmp_path) == hidden
    assert not asked
    cells, shown, numbers, terms = states
    numbers = numbers.assign(min_interval=LEAST + 1)
    hidden_by((cells, shown, numbers, terms), tmp_path)
    assert asked
    assert len(list(tmp_path.iterdir())) == 1


def beside(
    others: tuple[pd.DataFrame, ...], states: tuple[pd.DataFrame, ...]
) -> tuple[pd.DataFrame, ...]:
    """Return both as one, as if the others were of another state that comes first."""
    found = []
    for other, state in zip(others, states, strict=True):
        moved = state.copy()
        for name in {"cell_id", "count_id", "relation_id"} & set(state.columns):
            last = {
                "cell_id": others[0],
                "count_id": others[2],
                "relation_id": others[3],
            }
            moved[name] += last[name][name].max()
        if "place_key" in other:
            other = other.assign(place_key="AA " + other.place_key)
        found.append(pd.concat([other, moved], ignore_index=True))
    return tuple(found)


def test_a_cluster_that_comes_first_leaves_the_others_answers(
    states: tuple[pd.DataFrame, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden_by(states, tmp_path)
    asked, protect = [], kept.protect_cluster
    monkeypatch.setattr(
        kept, "protect_cluster", lambda part: asked.append(1) or protect(part)
    )
    counts, sums = network([3, 40, 4, 28, 25, 30])
    hidden_by(beside(tables_of(counts, sums, NETWORK), states), tmp_path)
    assert len(asked) == 1


def test_an_answer_that_is_cut_short_is_asked_again(
    states: tuple[pd.DataFrame, ...], tmp_path: Path
) -> None:
    hidden = hidden_by(states, tmp_path)
    for file in tmp_path.iterdir():
        file.write_bytes(b"")
    assert hidden_by(states, tmp_path) == hidden
