"""The command-line program behind ``make``: ``python -m common_metrics.cli COMMAND``.

Each option can also be given as a variable of make or of the environment, such as
SCHOOL= for --school. Modules are imported by the command that needs them: some take
seconds. A command that is refused says so in four parts and ends with exit code 2.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from common_metrics.errors import Refused, told
from common_metrics.lake import Lake

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class WrongWords(Refused):
    """A command that was called with other words than it takes."""


def _taken(variable: str, help: str) -> Any:
    name = f"--{variable.lower()}"
    return typer.Option(name, envvar=variable, help=help, resolve_path=True)


LakeFolder = Annotated[Path, _taken("LAKE", "the lake")]
Tier = Annotated[
    Literal["public", "partner"], _taken("TIER", "which file of a release")
]
School = Annotated[str, _taken("SCHOOL", "id or part of a name")]
File = Annotated[Path, typer.Argument(envvar="FILE")]
HERE = Path("lake")


@app.command(epilog="make run DROP=extracts")
def run(
    lake: LakeFolder = HERE,
    drop: Annotated[Path | None, _taken("DROP", "extracts; none: a sample")] = None,
) -> int:
    """Land, validate, build and publish; 1 where a delivery or step failed."""
    from common_metrics import run

    return run.run(Lake(lake), drop)


@app.command(epilog="make check FILE=me_2014-15.csv")
def check(
    file: File,
    key: Annotated[str, _taken("KEY", "<provider>/<extract>")] = "",
    lake: LakeFolder = HERE,
) -> int:
    """Judge a file before it is sent; 3 where rows are to mend, 4 where refused."""
    from common_metrics import check

    code, lines = check.check_file(file, key or check.TEMPLATE, Lake(lake))
    print("\n".join(lines))
    return code


@app.command(epilog="make doctor FIX=1")
def doctor(
    lake: LakeFolder = HERE,
    drop: Annotated[Path | None, _taken("DROP", "extracts, as of make run")] = None,
    fix: Annotated[bool, typer.Option("--fix", envvar="FIX", help="mend it")] = False,
) -> int:
    """Print what is wrong with a lake, and mend it; 1 where something is left."""
    from common_metrics import doctor

    return doctor.doctor(Lake(lake), drop, fix)


@app.command(epilog="make replay KEY=vt/dropout")
def replay(
    key: Annotated[str, _taken("KEY", "<provider>/<extract>; none: all")] = "",
    lake: LakeFolder = HERE,
) -> int:
    """Judge kept deliveries by the rules of today; 1 where a file stays refused."""
    from common_metrics import replay

    return replay.replay(Lake(lake), key)


@app.command(epilog="make calendar TODAY=2016-06-01")
def calendar(
    lake: LakeFolder = HERE,
    today: Annotated[str, _taken("TODAY", "the day; none: the clock's")] = "",
) -> None:
    """Print which deliveries are late, missing, unexpected or expected on a day."""
    from datetime import date

    from common_metrics import calendar

    try:
        day = date.fromisoformat(today) if today else None
    except ValueError:
        found, todo = repr(today), "Write it like `make calendar TODAY=2016-06-01`."
        raise WrongWords("make calendar", "TODAY=<day>", found, todo) from None
    found = calendar.entries(Lake(lake), day)
    print(*calendar.listed(found), *calendar.told(Lake(lake), found), sep="\n")


@app.command(hidden=True)
def hold(what: str, descriptor: int, lake: LakeFolder = HERE) -> None:
    """Take the lease for the shell that opened it as this descriptor."""
    from common_metrics import lease

    lease.hold_for_parent(Lake(lake), what, descriptor)


@app.command(epilog="make rotate-key LAKE=lake")
def rotate_key(lake: LakeFolder = HERE) -> None:
    """Give a lake the student key that is set; the next run hashes students anew."""
    from common_metrics import student_key

    count = student_key.rotate(Lake(lake))
    print(f"the key is rotated: the next run reads {count} files of students anew")


@app.command(epilog="make rollback RELEASE=20260301T060000Z-93d63659")
def rollback(
    lake: LakeFolder = HERE,
    to: Annotated[str, _taken("RELEASE", "its id; none: the one before")] = "",
) -> None:
    """Publish an earlier release, and list those that are kept."""
    from common_metrics.publication import release

    print(f"current is now {release.rollback(Lake(lake), to or None)}")
    for each in release.manifests(Lake(lake)):
        mark = "*" if each == Lake(lake).current.resolve().name else " "
        print(f"{mark} {each}")


@app.command(epilog="make explain SCHOOL=0036111 METRIC=acgr_4yr YEAR=2015")
def explain(
    school: School,
    metric: Annotated[str, _taken("METRIC", "its id in dim_metric")],
    year: Annotated[int, _taken("YEAR", "the end of a school year")],
    group: Annotated[str, _taken("GROUP", "of students")] = "all",
    tier: Tier = "public",
    lake: LakeFolder = HERE,
) -> None:
    """Print where a number comes from."""
    import duckdb

    from common_metrics.publication import explain

    file = Lake(lake).released(f"{tier}.duckdb")
    with duckdb.connect(str(file), read_only=True) as con:
        print("\n".join(explain.explain(con, school, metric, year, group)))


@app.command(epilog="make letter SCHOOL=0036111")
def letter(school: School, lake: LakeFolder = HERE) -> None:
    """Write a school's letter to parents and print where it is."""
    from common_metrics.publication.letter import write_letter

    print(write_letter(Lake(lake), school))


@app.command(epilog="make attack LAKE=lake")
def attack(
    candidate: Annotated[Path | None, typer.Argument()] = None,
    earlier: Annotated[list[Path], typer.Option(help="a kept public.duckdb")] = [],  # noqa: B006
    knows: Annotated[Path | None, typer.Option(help="what an insider holds")] = None,
    lake: LakeFolder = HERE,
) -> int:
    """Attack a public file, or the current release; 1 where a hidden cell follows."""
    from common_metrics.disclosure.attack.recovery import recovered

    if candidate is None:
        candidate = Lake(lake).released("public.duckdb")
        kept = sorted(candidate.parents[1].glob("[0-9]*/public.duckdb"))
        earlier = [f for f in kept if f.parent.name < candidate.parent.name]
    if not candidate.is_file():
        raise Refused(str(candidate), "a public file", "none", "Give its path.")
    report = recovered(candidate, earlier, knows)
    print("\n".join(report.lines()))
    return 1 if report.recovered else 0


@app.command(epilog="make changes TIER=partner")
def changes(lake: LakeFolder = HERE, tier: Tier = "public") -> None:
    """Print what moved since the release before, and why."""
    from common_metrics.publication import changes

    print("\n".join(changes.said(Lake(lake).released(f"{tier}.duckdb"))))


@app.command(epilog="make what-if SEEDS=changed_seeds")
def what_if(
    seeds: Annotated[Path, _taken("SEEDS", "a folder of changed seeds")],
    lake: LakeFolder = HERE,
    tier: Tier = "public",
) -> None:
    """Print what changed rules would move."""
    from common_metrics.publication import what_if

    changed = what_if.changed_seeds(seeds)
    lines = what_if.what_if(Lake(lake), changed, tier)
    print(f"With {', '.join(s.name for s in changed)} instead of the rules in use:")
    print("\n".join(lines))
    print("\nNothing was kept. To adopt: put them into dbt_project/seeds and make run.")


@app.command(epilog="make new-source KEY=me/dropout FILE=dropout_2014-15.csv")
def new_source(key: Annotated[str, typer.Argument(envvar="KEY")], file: File) -> None:
    """Draft a contract, a model, its yml and a fixture from a sample file."""
    from common_metrics.contracts.scaffold import draft

    print(*draft(key, file), sep="\n")
    print(
        "Next: resolve each TODO and take .draft out of the names; one ref in\n"
        f"int_outcomes_unioned.sql; make check KEY={key} FILE={file.name}; make test.\n"
        "See docs/add-a-source.md."
    )


@app.command(epilog="make sources")
def sources() -> None:
    """Write the dbt sources and the blank templates anew from the contracts."""
    from common_metrics.contracts import blanks, dbt_sources
    from common_metrics.contracts.loading import load_contracts

    for path in dbt_sources.write():
        print(path.relative_to(dbt_sources.STAGING.parents[2]))
    for error in load_contracts().barred.values():
        print(error, file=sys.stderr)
    blanks.write()


@app.command(epilog="make drift FILE=grad_2014-15.csv KEY=ct/graduation_4yr")
def drift(
    file: File,
    key: Annotated[str, _taken("KEY", "<provider>/<extract>; none: the nearest")] = "",
    lake: LakeFolder = HERE,
    accept: Annotated[str, _taken("ACCEPT", "yes, or why columns are left out")] = "",
) -> int:
    """Print what changed in a layout and the patch of its contract; 1 without one."""
    from common_metrics.drift.doctor import doctor

    code, lines = doctor(file, key, Lake(lake), accept)
    print("\n".join(lines))
    return code


@app.command(epilog="make report KEY=ct/graduation_4yr YEAR=2015")
def report(
    lake: LakeFolder = HERE,
    key: Annotated[str, _taken("KEY", "<provider>/<extract>; none: all")] = "",
    year: Annotated[int, _taken("YEAR", "the end of a school year; 0: all")] = 0,
) -> None:
    """Print what delivered years hold beside the ones before, and what jumped."""
    from common_metrics.publication import delivery_years

    found = delivery_years.report(Lake(lake), key, year)
    print(*found or ["No such year has an accepted one before it."], sep="\n")


def main() -> int:
    """Run the command that the words ask for and return its exit code."""
    try:
        return app(standalone_mode=False, prog_name="make") or 0
    except typer.TyperException as wrong:
        raise _wrong_words(wrong) from None


def _wrong_words(wrong: typer.TyperException) -> WrongWords:
    """Return what was wrong with what the command takes, in make's words."""
    command = wrong.ctx.command
    expected = " ".join(_word(param) for param in command.params if param.envvar)
    commands = getattr(command, "commands", {}).items()
    names = ", ".join(name for name, each in commands if not each.hidden)
    found = wrong.format_message().strip().rstrip(".?") or "none"
    example = command.epilog or "make help"
    return WrongWords(
        wrong.ctx.command_path,
        expected or f"one of {names}",
        found[0].lower() + found[1:],
        f"Write it like `{example}`; README.md says more.",
    )


def _word(param: Any) -> str:
    name = f"{param.envvar}="
    return name if param.required else f"[{name}]"


if __name__ == "__main__":
    sys.exit(told(main))
