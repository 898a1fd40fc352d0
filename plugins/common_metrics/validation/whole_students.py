"""Students are set aside as a whole: rows are judged one by one, rates count students.

A student of whom one row is missing looks like one who left. So the other rows of the
student go to quarantine too, and the models make a range of what the student is in.
"""

import pyarrow as pa

from common_metrics.contracts.model import Contract
from common_metrics.pseudonyms import MALFORMED

# What the models ask of quarantined rows, whatever their extract.
TEXTS = (
    *("state", "student_id_state", "school_id_state", "requester_return_field"),
    *("grade", "exit_type", "exit_code", "diploma_type", "promoted_indicator"),
    *("search_date", "_source_file", "_delivery", "_reason", "_wrong_columns"),
)
NUMBERS = ("_source_row", "_school_year")
COLUMNS = pa.schema(
    [*((name, pa.string()) for name in TEXTS), *((n, pa.int64()) for n in NUMBERS)]
)


def with_other_rows(
    contract: Contract, rows: pa.Table, reasons: dict[int, str], row: str
) -> dict[int, str]:
    """Return the reasons, with one for each other row of a student that has any.

    ``row`` names the column that numbers the rows. Nobody knows whose a row without a
    well-formed id is: it stays alone, and the models count it.
    """
    name = id_column(contract)
    if not name or not reasons:
        return reasons
    ids = dict(zip(rows[row].to_pylist(), rows[name].to_pylist(), strict=True))
    wrong = {ids[at] for at in reasons} - {None, MALFORMED}
    other = "another row of this student was set aside"
    return {at: other for at, who in ids.items() if who in wrong} | reasons


def id_column(contract: Contract) -> str:
    """Return the column that tells a student from others, "" where there is none."""
    columns = contract.protects.items()
    return next((n for n, c in columns if c.protect == "student_id"), "")
