"""Spans of rows and columns."""


def overlap(start: int, length: int, limit: int) -> tuple[slice, slice]:
    """Cut a span moved to ``start`` to [0, limit).

    Args:
        start: Where the span begins; may be negative.
        length: Its length.
        limit: Length of what it is laid on.

    Returns:
        The slices of the target and of the span; empty ones if they do not meet.
    """
    first = min(max(start, 0), limit)
    stop = max(min(start + length, limit), first)
    return slice(first, stop), slice(first - start, stop - start)
