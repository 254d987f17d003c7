"""What the service refuses."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits on requests.

    Attributes:
        upload: Bytes of a body.
        pixels: Of the decoded image; a small file can hold very many.
        seconds: For reading a body, and again for its answer.
        places: Requests that wait or are computed; further ones get a 503.

    Raises:
        ValueError: One of them is not positive.
    """

    upload: int = 20_000_000
    pixels: int = 40_000_000
    seconds: float = 60.0
    places: int = 16

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f'{name} must be positive, got {value}')


class RefusalError(Exception):
    """A request that gets an error as its answer.

    Args:
        status: HTTP status, 4xx or 5xx.
        reason: For the client.
        retry_after: Seconds after which to ask again; None says nothing of it.
    """

    def __init__(
        self, status: int, reason: str, retry_after: int | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
