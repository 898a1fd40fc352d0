"""What an attack found, for people and for the manifest of a release."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Recovered:
    """A hidden cell, or a number that no row shows; never its value."""

    table: str
    provider: str
    state: str
    school_key: str
    school_year: int
    metric: str
    student_group: str
    number: str
    by: tuple[str, ...]

    def __str__(self) -> str:
        cell = [self.table, self.provider, self.state, self.school_key]
        cell += [str(self.school_year), self.metric, self.student_group, self.number]
        return f"{' '.join(filter(None, cell))} (by {', '.join(self.by)})"


@dataclass
class Report:
    """What the attack did; ``recovered`` must be empty before a release."""

    hidden: int = 0
    unknowns: int = 0
    components: int = 0
    programmes: int = 0
    seconds: float = 0.0
    recovered: list[Recovered] = field(default_factory=list)
    already: list[Recovered] = field(default_factory=list)
    dropped: Counter = field(default_factory=Counter)

    def counts(self) -> dict:
        """Return how many, never which and never a value: fit for a manifest."""
        return {
            "hidden_cells": self.hidden,
            "unknown_numbers": self.unknowns,
            "components": self.components,
            "linear_programmes": self.programmes,
            "seconds": round(self.seconds, 1),
            "recovered": len(self.recovered),
            "known_before": len(self.already),
            "left_out_as_contradicting": dict(sorted(self.dropped.items())),
        }

    def lines(self) -> list[str]:
        """Return the cells that follow and what was done, for people."""
        dropped = [f"{n} {kind}" for kind, n in sorted(self.dropped.items())]
        return [
            *map(str, self.recovered),
            f"{len(self.recovered)} of {self.hidden:,} hidden cells follow from what "
            f"is shown; {len(self.already)} were known before.",
            f"{self.programmes:,} linear programmes over {self.unknowns:,} unknown "
            f"numbers in {self.components:,} parts, {self.seconds:.1f} s.",
            f"Left out as contradicting: {', '.join(dropped) or 'none'}.",
        ]
