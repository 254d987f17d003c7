"""Counters in Prometheus' text format."""

import threading
from collections import Counter

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds of the histogram of latencies."""


class Metrics:
    """What the service counts; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status: Counter[int] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds = 0.0
        self._model_seconds = 0.0
        self._pixels = 0

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer to ``POST /segment``.

        Args:
            status: HTTP status.
            seconds: From the request's first line to its answer.
        """
        with self._lock:
            self._status[status] += 1
            self._seconds += seconds
            for bound in BUCKETS:
                if seconds <= bound:
                    self._buckets[bound] += 1

    def predicted(self, pixels: int, seconds: float) -> None:
        """Count a prediction: the image's pixels and the model's time."""
        with self._lock:
            self._pixels += pixels
            self._model_seconds += seconds

    def text(self, taken: int, places: int) -> str:
        """Return all metrics, ``taken`` of ``places`` being in use."""
        with self._lock:
            total = sum(self._status.values())
            lines = [
                '# TYPE trash_requests_total counter',
                *(
                    f'trash_requests_total{{status="{status}"}} {number}'
                    for status, number in sorted(self._status.items())
                ),
                '# TYPE trash_request_seconds histogram',
                *(
                    f'trash_request_seconds_bucket{{le="{bound}"}} '
                    f'{self._buckets[bound]}'
                    for bound in BUCKETS
                ),
                f'trash_request_seconds_bucket{{le="+Inf"}} {total}',
                f'trash_request_seconds_sum {self._seconds:.6f}',
                f'trash_request_seconds_count {total}',
                '# TYPE trash_model_seconds_total counter',
                f'trash_model_seconds_total {self._model_seconds:.6f}',
                '# TYPE trash_pixels_total counter',
                f'trash_pixels_total {self._pixels}',
                '# TYPE trash_places_taken gauge',
                f'trash_places_taken {taken}',
                '# TYPE trash_places gauge',
                f'trash_places {places}',
            ]
        return '\n'.join(lines) + '\n'
