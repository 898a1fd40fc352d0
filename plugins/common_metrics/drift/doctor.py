"""The drift doctor: says what changed, proposes the patch, and applies an accepted one.

What is proposed is tried by the whole check before it is shown. Names of columns are
printed, counts and shares: never a cell.
"""

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from difflib import SequenceMatcher, unified_diff
from pathlib import Path

import yaml

from common_metrics.check import REFUSED, check_beside, contract_of, take_any_key
from common_metrics.contracts.forms import seed_rows
from common_metrics.contracts.headers import YEAR_CODE
from common_metrics.contracts.loading import CONTRACTS, load_contract, load_contracts
from common_metrics.contracts.model import Contract
from common_metrics.contracts.patching import patched
from common_metrics.drift.layouts import Drift, nearest
from common_metrics.drift.likeness import SAME_CELLS, Evidence
from common_metrics.drift.tables import Change, Edit, read_table
from common_metrics.errors import DeliveryRefused, Refused
from common_metrics.lake import Lake
from common_metrics.validation.findings import MENDED, shape

DBT = [CONTRACTS.parent / "dbt_project" / name for name in ("models", "macros")]
LANDED_AS = re.compile("^[0-9a-f]{8}__")  # how the lake names what it keeps
TO_SAY = "TODO say why no number depends on it"
HARMLESS = ("read", "harmless")
# What no patch can do.
JOIN = (
    "no contract puts columns together. Ask for the old one, or make the parts columns "
    "and let the staging model join them."
)
NOT_NAMED = (
    "the new header is not named here, since a student's data may stand in its place. "
    "If it is none, add it to the headers of the column by hand."
)
ALIKE = (
    "holds the same in each row: perhaps the rows are of these students alone. If they "
    "are of all, add it to read.harmless by hand."
)
APART = (
    "tells rows apart, such as student groups: make it one of columns, layouts and "
    "grain, and let the staging model read it."
)
BOTH = (
    "If two kinds of files became one, see which rows the staging model makes of them, "
    "then add to layouts:"
)
NOTES = "Read the publisher's notes first: a new name may be a new definition."


def doctor(
    file: Path, key: str, lake: Lake, accept: str = "", root: Path = CONTRACTS
) -> tuple[int, list[str]]:
    """Return the exit code, 0 where a patch helps or none is needed, and what to print.

    ``accept`` writes the patch into the contract: "yes", or why no number depends on
    the columns that it leaves out.
    """
    if not file.is_file():
        raise Refused(str(file), "a file", "none", "Give its path as FILE=.")
    take_any_key()
    drift = _drift(file, key or _key_of(file), lake)
    contract, changes = drift.contract, [*_changes(drift)]
    lines = [f"{contract.key} {_delivered(file)}", _nearest(drift)]
    lines += [*(change.said for change in changes), *_cells(drift)]
    if hurdles := [change.hurdle for change in changes if change.hurdle]:
        return 1, [*lines, "No patch is proposed:", *(f"  {h}" for h in hurdles)]
    edits = [change.edit for change in changes if change.edit]
    if not edits:
        code, said = check_beside(contract, file, lake)
        lines += ["The layout is known. The check says:", *said]
        return int(code == REFUSED), lines
    place = root / f"{contract.key}.yml"
    old, word = place.read_text(), "yes"
    new = _edited(old, edits, contract, TO_SAY)
    code, said = _tried(contract, new.replace(TO_SAY, "tried"), file, lake)
    if code == REFUSED:
        return 1, [*lines, "No patch is proposed. With one the check says:", *said]
    is_accepted = accept.casefold() == word
    if TO_SAY in new:
        # A reason is a sentence, and no yes.
        word, is_accepted = "<why no number depends on it>", " " in accept.strip()
        new = _edited(old, edits, contract, accept if is_accepted else TO_SAY)
    lines += [*_diff(contract, old, new), "With it the check says:", *said]
    if is_accepted:
        place.write_text(new)
        return 0, [*lines, f"Accepted: {contract.path} is changed, see `git diff`."]
    return int(bool(accept)), [*lines, f"{NOTES} To accept it, add ACCEPT='{word}'."]


def _key_of(file: Path) -> str:
    """Return the key of a file that lies where the lake keeps it, else nothing."""
    keys = ("/".join(pair) for pair in zip(file.parts, file.parts[1:], strict=False))
    return next((key for key in keys if key in load_contracts()), "")


def _delivered(file: Path) -> str:
    return LANDED_AS.sub("", file.name)


def _drift(file: Path, key: str, lake: Lake) -> Drift:
    """Return how the file differs from the nearest layout, of one contract or any."""
    found, why, data = [], DeliveryRefused("a table", "none", ""), file.read_bytes()
    for contract in [contract_of(key)] if key else load_contracts().values():
        try:
            table = read_table(contract, data)
        except DeliveryRefused as error:
            why = error
        else:
            found.append(nearest(contract, table, Evidence(contract, lake)))
    if not found:
        todo = why.todo if key else "Name what it is: KEY=<provider>/<extract>."
        where = f"{key} {_delivered(file)}".strip()
        raise Refused(where, why.expected, why.found, todo)
    return min(found, key=_rank)


def _rank(drift: Drift) -> tuple[bool, bool, float]:
    """Return how far a contract is from a file; one that names columns by place knows
    no header."""
    is_named, by_place = drift.table.is_named, bool(drift.contract.read.header)
    return not is_named, by_place, drift.distance - len(drift.found)


def _nearest(drift: Drift) -> str:
    known, due = len(drift.found), len(drift.contract.layouts[drift.layout])
    where = f"layout {drift.layout} of {drift.contract.path}"
    return f"nearest  {where}: {known} of {due} columns by name"


def _changes(drift: Drift) -> Iterator[Change]:
    """Yield what changed, with what the contract needs for it."""
    yield from drift.table.changes
    yield from (_renamed(drift, name) for name in drift.renamed)
    for name, parts in drift.split.items():
        told = " and ".join(map(drift.title, parts))
        yield Change(f"split    {name}: into {told}", hurdle=f"{name}: {JOIN}")
    for name, parts in drift.doubtful.items():
        told = " or ".join(map(drift.title, parts))
        hurdle = f"{name} may be {told}: add it to columns.{name}.headers by hand."
        yield Change(f"doubtful {name}: {told}", hurdle=hurdle)
    yield from (_dropped(drift, name) for name in drift.dropped)
    yield from (_added(drift, at) for at in drift.added)
    yield from _beside(drift)
    for name in _moved(drift):
        yield Change(f"moved    {name}: it stands elsewhere, and is found by its name")


def _renamed(drift: Drift, name: str) -> Change:
    pair, column = drift.renamed[name], drift.contract.columns[name]
    header, code = drift.table.names[pair.at], drift.table.year_code
    how = f"names {pair.likeness:.0%} alike"
    how += f"; {_fitting(drift, name)}" * bool(pair.fit)
    return Change(
        f'renamed  {name}: "{column.headers[0]}" -> {drift.title(pair.at)} ({how})',
        (
            ("columns", name, "headers"),
            header.replace(code, YEAR_CODE) if code else header,
        ),
        f"{name}: {NOT_NAMED}" * (not drift.is_named(pair.at)),
    )


def _dropped(drift: Drift, name: str) -> Change:
    """Return that a column is gone; one that nothing reads may be."""
    contract, why = drift.contract, ""
    wholes = {column for of in contract.plausible for column in (of.whole, *of.parts)}
    if name in {*contract.grain, contract.identity.column, *wholes}:
        why = f"{name} is gone, and rows are judged by it."
    elif _is_read(name):
        why = f"{name} is gone, and models of dbt read it."
    like = [
        drift.title(at)
        for at in drift.added
        if not (fit := drift.evidence.fit(name, drift.table.column(at).cells))
        or fit.share >= SAME_CELLS
    ]
    todo = " Ask the publisher for it."
    if like:
        todo = f" If it is {' or '.join(like)}, add that to columns.{name}.headers."
    return Change(
        f'dropped  {name}: "{contract.columns[name].headers[0]}"',
        (("columns", name, "optional"), True),
        why and why + todo,
    )


def _is_read(column: str) -> bool:
    """Return whether a model or macro names a column, or makes its name of parts."""
    text = "\n".join(f.read_text() for of in DBT for f in sorted(of.rglob("*.sql")))
    made = {*re.findall(r"(\w*(?:\{\{[^{}]*\}\}\w*)+)", text)}
    forms = {re.sub(r"\{\{[^{}]*\}\}", r"\\w+", form) for form in made}
    told = [form for form in forms if len(form.replace(r"\w+", "")) >= 3]
    is_named = re.search(rf"\b{column}\b", text)
    return bool(is_named) or any(re.fullmatch(form, column) for form in told)


def _added(drift: Drift, at: int) -> Change:
    """Return that a column is new; it may be left out where it tells no rows apart."""
    table, places = drift.table, drift.places
    cells, grain = table.column(at).cells, drift.contract.grain
    keys = [table.column(places[name]).cells for name in grain if name in places]
    more = {*zip(*keys, cells, strict=True)}
    labels = {row["student_group_label"] for row in seed_rows("student_group_labels")}
    hurdle, kind = "", f", most {Counter(map(shape, cells)).most_common(1)[0][0]}"
    if drift.contract.visibility != "public":
        hurdle, kind = "must not be sent: take it out, and send the file again.", ""
    elif len({*cells}) == 1 < len(cells):
        hurdle = ALIKE
    elif len({*zip(*keys, strict=True)}) < len(more) or labels & {*cells}:
        hurdle = APART
    return Change(
        f"added    {drift.title(at)} "
        f"({len([*filter(None, cells)]):,} of {len(cells):,} rows{kind})",
        ((*HARMLESS, table.names[at]), TO_SAY),
        f"{drift.title(at)} {hurdle}" * bool(hurdle),
    )


def _beside(drift: Drift) -> Iterator[Change]:
    """Yield that columns of other layouts are there too: a person adds a layout."""
    if drift.beside:
        names = [*drift.contract.layouts[drift.layout], *drift.beside]
        line = f"<name>: [{', '.join(names)}]"
        said = f"beside   {', '.join(drift.beside)}: of other layouts"
        yield Change(said, hurdle=f"{BOTH} {line}")


def _moved(drift: Drift) -> list[str]:
    """Return the columns that stand elsewhere than in the newest file of the layout.

    Where the lake has none they are held against the contract.
    """
    layout, places = drift.contract.layouts[drift.layout], drift.places
    own = [name for name in layout if name in places]
    if _out_of(own, places) and (before := _earlier(drift)):
        own = sorted({*own} & {*before.places}, key=before.places.__getitem__)
    return _out_of(own, places)


def _out_of(own: list[str], places: dict[str, int]) -> list[str]:
    """Return the columns that stand elsewhere than the order has them."""
    now = sorted(own, key=places.__getitem__)
    same = SequenceMatcher(None, own, now, autojunk=False).get_matching_blocks()
    stay = {name for block in same for name in own[block.a : block.a + block.size]}
    return [name for name in own if name not in stay]


def _earlier(drift: Drift) -> Drift | None:
    """Return the newest accepted delivery of the same layout, as far as it is kept."""
    contract, evidence = drift.contract, drift.evidence
    for delivery in evidence.accepted():
        # Bytes that are gone, or that the contract would take no more, tell nothing.
        with suppress(DeliveryRefused, FileNotFoundError):
            data = evidence.lake.landing(delivery).read_bytes()
            before = nearest(contract, read_table(contract, data), evidence)
            if before.layout == drift.layout:
                return before
    return None


def _cells(drift: Drift) -> Iterator[str]:
    """Yield which known columns hold other cells, and how many fit over all."""
    for name, fit in drift.fits.items():
        if fit.share < 1 and name not in drift.renamed:
            yield f"cells    {name}: {_fitting(drift, name)}"
    fits = sum(fit.fits for fit in drift.fits.values())
    if cells := sum(fit.cells for fit in drift.fits.values()):
        yield f"cells    {fits:,} of {cells:,} fit, {fits / cells:.1%}"


def _fitting(drift: Drift, name: str) -> str:
    """Return how many cells fit, and what most of the others look like."""
    fit, cells = drift.fits[name], drift.table.column(drift.places[name]).cells
    alone = {cell: drift.evidence.fit(name, [cell]) for cell in {*cells} - {""}}
    others = Counter(shape(c) for c in cells if (one := alone.get(c)) and not one.fits)
    kind = others.most_common(1)[0][0] if others else ""
    is_told = drift.contract.visibility == "public" or kind in MENDED
    return f"{fit}" + f"; most others are {kind}" * bool(kind and is_told)


def _edited(text: str, edits: list[Edit], contract: Contract, reason: str) -> str:
    """Return the contract's text with the changes; columns left out get the reason."""
    for path, value in edits:
        own = (yaml.safe_load(text).get("columns") or {}).get(path[1]) or {}
        if path[-1] == "headers" and path[0] == "columns" and "headers" not in own:
            # A list that is taken over from elsewhere is replaced and does not grow.
            value = [*contract.columns[path[1]].headers, value]
        text = patched(text, path, reason if path[:2] == HARMLESS else value)
    return text


def _tried(
    contract: Contract, text: str, file: Path, lake: Lake
) -> tuple[int, list[str]]:
    """Return what the whole check says of the file under a contract of this text."""
    with tempfile.TemporaryDirectory(prefix="common_metrics_drift_") as folder:
        root = Path(folder) / CONTRACTS.name
        shutil.copytree(CONTRACTS, root)
        place, delivered = root / f"{contract.key}.yml", Path(folder) / _delivered(file)
        place.write_text(text)
        shutil.copyfile(file, delivered)
        return check_beside(load_contract(place, root), delivered, lake)


def _diff(contract: Contract, old: str, new: str) -> Iterator[str]:
    names = f"a/{contract.path}", f"b/{contract.path}"
    yield from unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
