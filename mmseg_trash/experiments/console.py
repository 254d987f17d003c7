"""What the command lines of experiments show."""

import logging

from mmengine.logging import MMLogger

from ..launch import quiet


def calm() -> None:
    """Leave results and warnings on the console; every config that is read says much.

    The processes that train write all of it into their own ``output.txt``.
    """
    quiet()
    MMLogger.get_current_instance().setLevel(logging.WARNING)
