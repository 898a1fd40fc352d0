"""What happens to a student of the sample, and what it means for the cohort.

Each history says twice what happens: as stays in schools, which the layouts print, and
as fates, which the truth counts. No fate is derived from a stay: whoever computes a
rate from the printed rows has to find the fates again.
"""

from typing import NamedTuple

# Why a stay ends. Each layout has its own codes for them.
MOVED = ("other_state", "private_in_state", "private_elsewhere", "home_school")
LEFT = (*MOVED, "emigrates", "dies")


class Stay(NamedTuple):
    """One stay in one school in one school year.

    ``year`` counts from the class's year in grade 9 as 0. A stay without ``leaves``
    is open at the end of the school year.
    """

    year: int
    grade: int
    away: bool = False  # in the other sample school of the state
    comes: str = "continues"
    arrives: str = "autumn"
    leaves: str = ""
    why: str = ""


class History(NamedTuple):
    """Stays, and the fate of the student after four, five and six years.

    A fate is graduated, dropped_out, still_enrolled, other_completion, max_age or left
    (no member of the cohort). ``away`` says whether the other school answers, after
    each horizon. ``october_dropouts`` are the stays (by their place in the list)
    whose school counts the student as a dropout of that school year, and
    ``summer_dropouts`` those whose school does so in the year after.
    """

    stays: tuple[Stay, ...]
    fates: tuple[str, str, str]
    away: tuple[bool, bool, bool] = (False, False, False)
    october_dropouts: tuple[int, ...] = ()
    summer_dropouts: tuple[int, ...] = ()


NEW = Stay(0, 9, comes="new")
AWAY = (True, True, True)
GRADUATED, DROPPED = ("graduated",) * 3, ("dropped_out",) * 3
OTHER, GONE = ("other_completion",) * 3, ("left",) * 3


def years(*grades: int, first: int = 0, comes: str = "new") -> tuple[Stay, ...]:
    """One full stay a year, in these grades."""
    stays = [Stay(first + n, grade) for n, grade in enumerate(grades)]
    return (stays[0]._replace(comes=comes), *stays[1:])


def ends(stays: tuple[Stay, ...], why: str, leaves: str = "winter") -> tuple[Stay, ...]:
    """The same stays, the last of which ends."""
    return (*stays[:-1], stays[-1]._replace(leaves=leaves, why=why))


def elsewhere(*stays: Stay) -> tuple[Stay, ...]:
    """The same stays in the other school, begun by a transfer inside the state."""
    moved = [stay._replace(away=True) for stay in stays]
    return (moved[0]._replace(comes="transfer_in_state"), *moved[1:])


ON_TIME = History(ends(years(9, 10, 11, 12), "graduates", "june"), GRADUATED)
HISTORIES: dict[str, History] = {
    "graduates in summer": History(
        ends(years(9, 10, 11, 12), "graduates", "summer"), GRADUATED
    ),
    "repeats grade 9, graduates in five years": History(
        ends(years(9, 9, 10, 11, 12), "graduates", "june"),
        ("still_enrolled", "graduated", "graduated"),
    ),
    "repeats grade 12, graduates in summer of the fifth year": History(
        ends(years(9, 10, 11, 12, 12), "graduates", "summer"),
        ("still_enrolled", "graduated", "graduated"),
    ),
    "graduates in six years": History(
        ends(years(9, 10, 11, 12, 12, 12), "graduates", "june"),
        ("still_enrolled", "still_enrolled", "graduated"),
    ),
    "still enrolled after six years": History(
        years(9, 9, 10, 11, 12, 12), ("still_enrolled",) * 3
    ),
    "comes in grade 10 from another state": History(
        ends(
            years(10, 11, 12, first=1, comes="transfer_from_out"), "graduates", "june"
        ),
        GRADUATED,
    ),
    "comes in grade 11 from another state": History(
        ends(years(11, 12, first=2, comes="transfer_from_out"), "graduates", "june"),
        GRADUATED,
    ),
    "comes in winter of grade 12 from another state": History(
        ends(
            (Stay(3, 12, comes="transfer_from_out", arrives="winter"),),
            "graduates",
            "june",
        ),
        GRADUATED,
    ),
    "comes in grade 10, drops out": History(
        ends(years(10, 11, first=1, comes="transfer_from_out"), "drops_out"),
        DROPPED,
        october_dropouts=(1,),
    ),
    "moves to another state": History(ends(years(9, 10), "other_state"), GONE),
    "moves to another state in September": History(
        ends(years(9, 10), "other_state", "september"), GONE
    ),
    "moves to another state in the fifth year": History(
        ends(years(9, 10, 11, 11, 12), "other_state"),
        ("still_enrolled", "left", "left"),
    ),
    "moves to a private school": History(
        ends(years(9, 10, 11), "private_in_state", "june"), GONE
    ),
    "moves to a private school elsewhere": History(
        ends(years(9), "private_elsewhere", "june"), GONE
    ),
    "moves to home schooling": History(ends(years(9, 10), "home_school"), GONE),
    "emigrates": History(ends(years(9, 10, 11), "emigrates"), GONE),
    "dies": History(ends(years(9, 10), "dies"), GONE),
    "moves to another state and returns": History(
        (
            *ends(years(9), "other_state", "june"),
            *ends(
                years(11, 12, first=2, comes="transfer_from_out"), "graduates", "june"
            ),
        ),
        GRADUATED,
    ),
    "moves to the other school in summer": History(
        (
            *ends(years(9, 10), "moves_in_state", "june"),
            *elsewhere(Stay(2, 11), Stay(3, 12, leaves="june", why="graduates")),
        ),
        GRADUATED,
        AWAY,
    ),
    "moves to the other school in winter, drops out there": History(
        (
            *ends(years(9, 10), "moves_in_state"),
            *elsewhere(
                Stay(1, 10, arrives="winter"),
                Stay(2, 11, leaves="winter", why="drops_out"),
            ),
        ),
        DROPPED,
        AWAY,
        october_dropouts=(3,),
    ),
    "moves to the other school in the fifth year": History(
        (
            *ends(years(9, 10, 11, 11), "moves_in_state", "june"),
            *elsewhere(Stay(4, 12, leaves="june", why="graduates")),
        ),
        ("still_enrolled", "graduated", "graduated"),
        (False, True, True),
    ),
    "moves in the state, never arrives": History(
        ends(years(9, 10), "moves_in_state"), DROPPED
    ),
    "drops out": History(
        ends(years(9, 10, 11), "drops_out"), DROPPED, october_dropouts=(2,)
    ),
    "drops out in grade 9": History(
        ends(years(9), "drops_out"), DROPPED, october_dropouts=(0,)
    ),
    "drops out in the fifth year": History(
        ends(years(9, 10, 11, 11, 12), "drops_out"),
        ("still_enrolled", "dropped_out", "dropped_out"),
        october_dropouts=(4,),
    ),
    "drops out, back in autumn, graduates in five years": History(
        (
            *ends(years(9, 10), "drops_out"),
            *ends(years(10, 11, 12, first=2, comes="reentry"), "graduates", "june"),
        ),
        ("still_enrolled", "graduated", "graduated"),
    ),
    "drops out, back in winter a year on, drops out again": History(
        (
            *ends(years(9, 10), "drops_out"),
            *ends(
                (
                    Stay(2, 10, comes="reentry", arrives="winter"),
                    Stay(3, 11),
                    Stay(4, 12),
                ),
                "drops_out",
            ),
        ),
        ("still_enrolled", "dropped_out", "dropped_out"),
        october_dropouts=(1, 4),
    ),
    "whereabouts unknown": History(
        ends(years(9, 10, 11), "unknown"), DROPPED, october_dropouts=(2,)
    ),
    "does not come back after summer": History(
        years(9, 10), DROPPED, summer_dropouts=(1,)
    ),
    "drops out in September": History(
        ends(years(9, 10), "drops_out", "september"), DROPPED, october_dropouts=(1,)
    ),
    "goes to a GED programme": History(
        ends(years(9, 10, 11), "ged_program"), DROPPED, october_dropouts=(2,)
    ),
    "earns another credential": History(
        ends(years(9, 10, 11, 12), "other_credential", "june"), OTHER
    ),
    "reaches the maximum age": History(
        ends(years(9, 9, 10, 10, 11), "max_age", "june"),
        ("still_enrolled", "max_age", "max_age"),
    ),
    "goes to an institution": History(ends(years(9, 10, 11), "institution"), DROPPED),
    "goes to college early": History(
        ends(years(9, 10, 11), "early_college", "june"), DROPPED
    ),
    "earns an adult diploma": History(
        ends(years(9, 10, 11, 12), "adult_diploma", "june"), GRADUATED
    ),
}
# Where the histories stand that not every layout can tell: Vermont has no exit type for
# the maximum age, New Hampshire neither that nor one for institutions, and it alone
# counts an adult diploma.
WHERE = {
    "reaches the maximum age": ("CT", "ME", "RI"),
    "goes to an institution": ("CT", "ME", "RI", "VT"),
    "earns an adult diploma": ("NH",),
}
# New Hampshire's dropouts are without those who went to college.
ELSEWISE = {("NH", "goes to college early"): OTHER}
