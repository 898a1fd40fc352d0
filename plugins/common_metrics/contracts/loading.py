"""Loading: the one place that reads ``expectations/<provider>/<extract>.yml``."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from common_metrics import pseudonyms
from common_metrics.contracts import forms, model
from common_metrics.contracts.model import Contract
from common_metrics.contracts.sources import Source
from common_metrics.errors import ContractError

PACKAGE = Path(__file__).parents[1]
CONTRACTS = PACKAGE.parents[1] / "expectations"
# What ends so is nothing yet: it is renamed once a person has confirmed it.
DRAFT = ".draft.yml"
CODE_FORMS = CONTRACTS / "code_forms.yml"
# The modules that decide what becomes of a delivery, beside what its contract says.
JUDGES = (
    *("contracts/forms.py", "contracts/headers.py", "contracts/loading.py"),
    *("contracts/model.py", "pseudonyms.py", "landing", "reading", "validation"),
)
BLOCKS: dict[object, type[BaseModel]] = {
    "origin": model.Origin,
    "landing": model.Landing,
    "school_years": model.SchoolYears,
    "sources": Source,
    "due": model.Due,
    "read": model.Read,
    "section": model.Section,
    "unpivot": model.Unpivot,
    "identity": model.Identity,
    "rows": model.Rows,
    "columns": model.Column,
    "form": forms.Form,
    "required": forms.When,
    "empty": forms.When,
}


def load_contract(file: Path, root: Path = CONTRACTS) -> Contract:
    """Return the contract in ``file``; raise ContractError with the path of a typo."""
    key = file.relative_to(root).with_suffix("").as_posix()
    try:
        contract = _complete(Contract(key=key, **_content(file, root)))
    except ContractError:
        raise
    except (ValueError, yaml.YAMLError, TypeError, OSError) as error:
        raise _unreadable(file, root, error) from error
    rules = _digest(contract)
    # Under another key no student would be joined with what was hashed before.
    key = pseudonyms.fingerprint() if contract.protects else ""
    judged_by = hashlib.sha256(f"{rules}{key}".encode()).hexdigest()
    return contract.model_copy(update={"sha256": judged_by, "rules_sha256": rules})


class Contracts(dict[str, Contract]):
    """Every contract that can be read, by its key; ``barred`` says why others cannot.

    A bad one bars itself alone: what the others are about lands, is built and shown.
    """

    barred: dict[str, ContractError]


def contract_keys(root: Path = CONTRACTS) -> list[str]:
    """Return the key ``<provider>/<extract>`` of every contract, without reading it."""
    files = (f for f in root.glob("*/*.yml") if not f.name.endswith(DRAFT))
    return sorted(f.relative_to(root).with_suffix("").as_posix() for f in files)


@cache
def load_contracts(root: Path = CONTRACTS) -> Contracts:
    """Return every contract that can be read."""
    contracts = Contracts()
    contracts.barred = {}
    for key in contract_keys(root):
        try:
            contracts[key] = load_contract_of(key, root)
        except ContractError as error:
            contracts.barred[key] = error
    return contracts


def load_contract_of(key: str, root: Path = CONTRACTS) -> Contract:
    """Return the contract of a key; raise ContractError."""
    return load_contract(root / f"{key}.yml", root)


def columns_of(key: str, root: Path = CONTRACTS) -> list[str]:
    """Return the columns that a contract names, even if the rest cannot be read."""
    names: list[str] = []
    with suppress(yaml.YAMLError, TypeError, AttributeError):
        content = yaml.load((root / f"{key}.yml").read_bytes(), forms.LOADER)
        names = columns_of(content["extends"], root) if "extends" in content else []
        names += content.get("columns", {})
    return [*dict.fromkeys(names)]


def _content(file: Path, root: Path) -> dict[str, Any]:
    """Return what a file says, upon what the one says that it ``extends``.

    Of that one, ``words`` are exchanged first. Then what stands in both is merged.
    """
    own = _stated(file, root)
    if not (base := own.pop("extends", None)):
        return own
    words, of_base = own.pop("words", {}), _stated(root / f"{base}.yml", root)
    if "extends" in of_base:
        raise ValueError(f"extends: {base} extends {of_base['extends']}, name that one")
    return merged(_siblings(of_base, words), own)


def _siblings(of_base: dict[str, Any], words: dict[str, str]) -> dict[str, Any]:
    """Return what a sibling takes over: of sources those at an address of its own."""
    taken = _exchanged(of_base, words)
    match of_base, taken:
        case {"landing": {"sources": [*old]}}, {"landing": landing}:
            known = [*map(_address, old)]
            of = landing["sources"]
            landing["sources"] = [one for one in of if _address(one) not in known]
    return taken


def _address(source: Any) -> Any:
    return source.get("address") if isinstance(source, dict) else None


def _stated(file: Path, root: Path) -> dict[str, Any]:
    text = file.read_bytes()
    _refuse_guesses(file, root, text)
    return dict(yaml.load(text, forms.LOADER))


def merged(base: Any, own: Any) -> Any:
    """Return two contents as one: of maps name by name, else what is its own.

    A name without a value takes that of the base away.
    """
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    both = {
        name: merged(base[name], own[name]) if name in base and name in own else value
        for name, value in {**base, **own}.items()
    }
    return {name: value for name, value in both.items() if value is not None}


def _exchanged(content: Any, words: dict[str, str]) -> Any:
    """Return the content with each of these words, as a whole word, exchanged."""
    if isinstance(content, dict):
        return {name: _exchanged(value, words) for name, value in content.items()}
    if isinstance(content, list):
        return [_exchanged(value, words) for value in content]
    if not isinstance(content, str):
        return content
    for word, other in words.items():
        content = re.sub(rf"\b{re.escape(word)}\b", other.replace("\\", r"\\"), content)
    return content


def _complete(contract: Contract) -> Contract:
    """Return the contract with its one layout, if it names none, and all it expects."""
    # What refuses a file says more of it than what a single row is short of.
    expected = sorted(_expected(contract), key=lambda e: not _refuses(e))
    if not expected:
        raise ValueError("expectations: give at least one, or rows")
    named = [name for name, column in contract.columns.items() if column.headers]
    layouts = contract.layouts or {contract.extract: named}
    return contract.model_copy(update={"layouts": layouts, "expectations": expected})


def _expected(contract: Contract) -> Iterator[dict[str, Any]]:
    """Yield what is expected of the table, of its columns and, last, in addition."""
    if rows := contract.rows:
        yield {
            "type": "expect_table_row_count_to_be_between",
            "kwargs": {"min_value": rows.min, "max_value": rows.max},
            **forms.CRITICAL,
            "meta": {"says": f"between {rows.min} and {rows.max} {rows.of}"},
        }
    for name, column in contract.columns.items():
        yield from forms.expected_of(name, column)
    for stated in contract.expectations:
        kwargs = {n: forms.listed(v) for n, v in stated.get("kwargs", {}).items()}
        yield {**forms.CRITICAL, **stated, "kwargs": kwargs}


def _refuses(expectation: dict[str, Any]) -> bool:
    return bool(expectation.get("meta", {}).get("refuses"))


def _digest(contract: Contract) -> str:
    """Return a digest of the contract and of the code that reads and judges by it.

    A delivery is judged again when either changes: the contract with all that it takes
    from others, from forms and from seeds.
    """
    judged_by = contract.model_dump_json() + judges_digest()
    return hashlib.sha256(judged_by.encode()).hexdigest()


@cache
def judges_digest(package: Path = PACKAGE) -> str:
    """Return a digest of the code that judges, and of the forms of states' codes."""
    judges = [CODE_FORMS, *judging_files(package)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in judges)).hexdigest()


def judging_files(package: Path = PACKAGE) -> list[Path]:
    """Return the files of the code that decides what becomes of a delivery."""
    named = [package / name for name in JUDGES]
    inside = [file for folder in named for file in folder.glob("*.py")]
    return sorted(inside + [file for file in named if file.suffix])


def _refuse_guesses(file: Path, root: Path, text: bytes) -> None:
    """A drafted line counts once a person has confirmed it and taken its mark away."""
    lines = [n for n, line in enumerate(text.splitlines(), 1) if b"TODO" in line]
    if lines:
        raise ContractError(
            f"expectations/{file.relative_to(root)} line {lines[0]}",
            "lines that a person has confirmed",
            f"the mark TODO in {len(lines)} lines: {', '.join(map(str, lines))}",
            "Correct what is guessed there and take the marks away.",
        )


def _unreadable(file: Path, root: Path, error: Exception) -> ContractError:
    items: Sequence[Mapping[str, Any]] = [{"loc": (), "msg": f"{error}", "type": ""}]
    if isinstance(error, ValidationError):
        items = error.errors(include_url=False, include_input=False)
    found = [
        f"  {'.'.join(map(str, item['loc'])) or 'contract'}: {item['msg']}. "
        f"{_nearest_block(item)}\n"
        for item in items
    ]
    return ContractError(
        f"expectations/{file.relative_to(root)}",
        "YAML with the blocks of a contract",
        "\n" + "".join(found),
        "Mend the contract and run again.",
    )


def _nearest_block(item: Mapping[str, Any]) -> str:
    if item["type"] != "extra_forbidden":
        return ""
    *inside, name = item["loc"]
    block = next((BLOCKS[p] for p in reversed(inside) if p in BLOCKS), Contract)
    near = get_close_matches(str(name), block.model_fields, n=1)
    return f"Did you mean {near[0]!r}?" if near else "Remove it."
