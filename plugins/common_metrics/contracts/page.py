"""What Airflow's UI says of an extract: a page and tags, from its contract."""

from common_metrics import settings
from common_metrics.contracts.model import Contract


def doc_page(contract: Contract) -> str:
    """Return what comes from whom, when it is due, where it ends, what to do if not."""
    origin, landing, key = contract.origin, contract.landing, contract.key
    by = f"{origin.publisher}: {origin.page}. Licence: {origin.licence}"
    when = f"{cadence(contract)} (`{landing.schedule}`, UTC)"
    ends = ", ".join(f"`{of}/{key}/`" for of in ("landing", "validated", "quarantine"))
    what = f"""\
**{contract.title}**, from {by}.

- **Comes** into the drop folder as `{"`, `".join(landing.drop)}`, looked for {when}.
- **Due:** {_due(contract)}
- **Judges anew** what the lake keeps, if started with `replay`.
- **Ends** in {ends} of the lake, then in the warehouse; judged by `{contract.path}`"""
    owner = contract.owner or settings.owner()
    return step(what, "a-delivery-was-refused", "a-year-is-late", owner=owner)


def step(what: str, *sections: str, owner: str = "") -> str:
    """Return what a DAG does, who is told, and where to read on when it fails."""
    told = owner or settings.owner() or "nobody: neither `owner` nor a default is set"
    links = (f"[{s.replace('-', ' ')}]({settings.runbook()}#{s})" for s in sections)
    return f"{what}.\n\n- **Told:** {told}.\n- **When it fails:** {', '.join(links)}.\n"


def tags(contract: Contract) -> list[str]:
    """Return tags by provider, state, cadence, owner and who may see it."""
    years, owner = contract.landing.school_years, contract.owner or settings.owner()
    # Providers of two letters are states, but for the country.
    own = {contract.provider.upper()} - {"US"} if len(contract.provider) == 2 else set()
    found = [f"state:{s}" for s in (years and years.states) or sorted(own)]
    found += [f"owner:{owner}"[:100]] * bool(owner)
    return ["land", contract.provider, *found, cadence(contract), contract.visibility]


def cadence(contract: Contract) -> str:
    """Return how often the files are looked for: daily, weekly, monthly or as said."""
    if len(fields := contract.landing.schedule.split()) != 5:
        return contract.landing.schedule.strip("@")
    return "weekly" if fields[4] != "*" else "monthly" if fields[2] != "*" else "daily"


def _due(contract: Contract) -> str:
    years, due = contract.landing.school_years, contract.landing.due
    if not years:
        return "no year by contract; the next one is learned from those that came."
    when = "the day is learned from those that came in their time"
    if due:
        grace = 30 if due.grace_days is None else due.grace_days
        when = f"the last one by {due.on(years.last)}, with {grace} days of grace"
    return f"the school years ending in {years.first} to {years.last}, {when}."
