"""Objects of any class against the background."""

import math
from typing import Any

import numpy as np


def trash_iou(confusions: Any, background: int) -> float:
    """Compute the IoU of objects of any class against the background.

    A pixel counts as found where truth and prediction are both objects, whichever: what
    a survey of litter asks for.

    Args:
        confusions: Confusion matrices, ... x C x C, rows the truth; they are summed.
        background: Label of the background.

    Returns:
        A share, NaN where neither has an object.
    """
    total = np.asarray(confusions).reshape(-1, *np.shape(confusions)[-2:]).sum(0)
    missed = total[:, background].sum()
    added = total[background].sum()
    nothing = total[background, background]
    union = total.sum() - nothing
    both = union - (missed - nothing) - (added - nothing)
    return float(both / union) if union else math.nan
