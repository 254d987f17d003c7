"""What a check found wrong in the user's files."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DataError

CHECK_TOOL = 'tools/data/check.py'


@dataclass(frozen=True)
class Fault:
    """One fault of the data.

    Attributes:
        kind: Short name of the sort of fault, e.g. ``'unknown_category'``.
        file: Path of the file that is at fault.
        where: The entry in the file, e.g. ``'annotation 17'``; may be empty.
        message: What is wrong, with the value found and what was expected.
    """

    kind: str
    file: str
    where: str
    message: str

    def __str__(self) -> str:
        return ': '.join(part for part in (self.file, self.where, self.message) if part)


def raise_first(faults: Sequence[Fault]) -> None:
    """Raise on the first fault; do nothing when there is none.

    Args:
        faults: Faults in the order in which they were found.

    Raises:
        DataError: There is a fault; the message says how many more there are.
    """
    if not faults:
        return
    message = str(faults[0])
    if more := len(faults) - 1:
        s = '' if more == 1 else 's'
        message += f' (and {more} more fault{s}; {CHECK_TOOL} lists them all)'
    raise DataError(message)
