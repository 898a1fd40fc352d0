"""Writes sample extracts of an invented New England, and the truth that they carry.

python sample/generate.py OUT_FOLDER [--seed 2014] [--faults few|all]

The same seed writes the same bytes. OUT/extracts/ is a drop folder. OUT/truth/ holds
outcomes.csv and enrollments.csv (what a correct warehouse holds after reading the
printed cells; rows of the five member states only), counts.csv (what is true, hidden
cells included), faults.csv (every planted fault), computed.csv and
computed_at_exit.csv (what a right engine computes from the students, by each rule of
student groups), league.csv (what the members of the League did, by school year),
finances.csv (public revenue by operating cost, and the verdict of each year) and
sentinels.csv (what tells of a student and must never be seen).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import broken
import components
import computed
import ct_more
import ct_more_broken
import edfacts
import edsight
import league
import me
import me_broken
import nh
import nh_assessment
import nh_broken
import nh_i4see
import nsc
import oneroster
import progress
import ri
import ri_broken
import ri_students
import school_template
import sentinels
import students_broken
import submission
import vt
import vt_broken
import vt_sis
from records import Delivery, Fault, HeadCount, Outcome, as_csv
from world import CLASSES, World

# Each part of the sample has deliveries(world); broken deliveries come on request.
PARTS = (
    *(edsight, ct_more, edfacts, submission, components),
    *(nh, nh_assessment, ri, me, vt),
    *(school_template, nh_i4see, ri_students, vt_sis, oneroster, nsc),
    *(league, progress),
)
BROKEN_PARTS = (
    *(broken, ct_more_broken, nh_broken, ri_broken, me_broken, vt_broken),
    *(students_broken,),
)
COUNTS = "state,school_id_nces,school_id_state,school_name,school_year,student_group"


def main() -> None:
    """Write the sample to the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, metavar="OUT_FOLDER")
    parser.add_argument("--seed", type=int, default=2014)
    parser.add_argument("--faults", choices=("few", "all"), default="few")
    args = parser.parse_args()
    write(args.out, args.seed, broken_too=args.faults == "all")


def write(out: Path, seed: int, broken_too: bool = False) -> None:
    """Write every file; broken deliveries of an earlier run are removed."""
    for pattern in ("*_broken_*.*", "*_broken_*/*"):
        for old in sorted(out.rglob(pattern)):
            old.unlink()
    world = World(seed)
    parts = [*PARTS, *(BROKEN_PARTS if broken_too else ())]
    sent = [delivery for part in parts for delivery in part.deliveries(world)]
    extracts = ((f"extracts/{d.path}", d.content) for d in sent)
    for path, content in [*extracts, *truth(world, sent)]:
        file = out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def truth(world: World, sent: list[Delivery]) -> Iterator[tuple[str, bytes]]:
    """The truth files."""
    outcomes = sorted(outcome for delivery in sent for outcome in delivery.outcomes)
    heads = sorted(count for delivery in sent for count in delivery.head_counts)
    faults = sorted(fault for delivery in sent for fault in delivery.faults)
    yield "truth/outcomes.csv", as_csv([Outcome._fields, *outcomes])
    yield "truth/enrollments.csv", as_csv([HeadCount._fields, *heads])
    yield "truth/faults.csv", as_csv([Fault._fields, *faults])
    yield "truth/counts.csv", as_csv(count_rows(world))
    for rule in computed.RULES:
        rates = computed.outcomes(world.seed, rule)
        path = f"truth/computed{'' if rule == 'ever' else '_' + rule}.csv"
        yield path, as_csv([Outcome._fields, *rates])
    yield "truth/league.csv", as_csv(league.rows(world))
    yield "truth/finances.csv", as_csv(progress.rows(world))
    yield "truth/sentinels.csv", as_csv(sentinels.rows(world))


def count_rows(world: World) -> Iterator[list[object]]:
    """True counts above zero: the members' of every kind, elsewhere the four-year."""
    yield [*COUNTS.split(","), "outcome", "count"]
    places = [
        (s.state, s.ncessch, s.state_code, s.school or s.schnam) for s in world.schools
    ]
    for place in [*((state, "", "", "") for state in edfacts.MEMBERS), *places]:
        for year in CLASSES:
            counts = world.counts.get((place[1] or place[0], year), {})
            for (group, outcome), count in sorted(counts.items()):
                if place[0] in edfacts.MEMBERS or outcome.endswith("_4yr"):
                    yield [*place, year, group, outcome, count]


if __name__ == "__main__":
    main()
