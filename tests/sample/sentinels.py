"""Whatever tells of a single student of the sample, as the files write it."""

from collections.abc import Iterator

from oneroster import TEACHER_NAME
from students import Student, students
from world import World

# Every way in which a layout writes a birth date. Eight digits in a row would not do:
# so many hashes hold some of them by chance.
FORMS = (
    lambda day: f"{day:%m/%d/%Y}",
    lambda day: f"{day.month}/{day.day}/{day.year}",
    lambda day: day.isoformat(),
)


def rows(world: World) -> Iterator[tuple[str, str]]:
    """Kind and value of every sentinel, each once."""
    yield "kind", "value"
    found = {pair for student in students(world.seed) for pair in of(student)}
    yield from sorted(found | {("name", name) for name in TEACHER_NAME})


def of(student: Student) -> Iterator[tuple[str, str]]:
    """The sentinels of one student."""
    yield "state_id", student.state_id
    yield "local_id", student.local_id
    yield "name", student.first_name
    yield "name", student.last_name
    yield from (("birth_date", write(student.birth_date)) for write in FORMS)
