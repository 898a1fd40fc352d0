"""Errors in four parts: where, what was expected, what was found, what to do."""


class ContractError(ValueError):
    """A contract that cannot be read; the message names the file and the path in it."""


class DeliveryRefused(ValueError):
    """A delivery that must not go on. The message never quotes a student's data.

    ``row`` is the physical line in the file, 1-based, where one can be named.
    """

    def __init__(self, expected: str, found: str, todo: str, row: int | None = None):
        self.expected, self.found, self.todo, self.row = expected, found, todo, row
        super().__init__(self.sentence())

    def sentence(self, where: str = "") -> str:
        """Return the four parts as text, with ``where`` (the file) in front."""
        place = " ".join([where] * bool(where) + [f"row {self.row}"] * bool(self.row))
        parts = f"Expected {self.expected}. Found {self.found}. {self.todo}"
        return f"{place}: {parts}" if place else parts
