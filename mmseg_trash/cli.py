"""What every command-line tool shares."""

import sys
from collections.abc import Callable
from typing import NoReturn

from .errors import CheckpointError, ConfigError, DataError, TrainingError

USER_ERRORS = (
    CheckpointError,
    ConfigError,
    DataError,
    FileNotFoundError,
    NotADirectoryError,
    PermissionError,
    TrainingError,
)


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run a tool's ``main`` and leave the process with its exit status.

    Errors that the user can mend are printed as one line on standard error, status 2;
    all others keep their traceback.

    Args:
        main: The tool's entry point; returns its exit status, None for 0.
    """
    try:
        status = main() or 0
    except USER_ERRORS as error:
        sys.stderr.write(f'error: {error}\n')
        status = 2
    except KeyboardInterrupt:
        sys.stderr.write('interrupted\n')
        status = 130
    raise SystemExit(status)
