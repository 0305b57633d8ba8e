"""How often a service may ask: a bucket for each key, in the memory of one process."""

import threading
from collections import OrderedDict

BURST_S = 5.0  # what a key may have saved up: a client that starts asks for much at once
MAX_KEYS = 10_000  # buckets in memory; the one that was used longest ago is full by then


class Rates:
    """`per_second` requests of one key, BURST_S of them at once; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self.most = max(per_second * BURST_S, 1.0)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (requests left, at)
        self._guard = threading.Lock()

    def take(self, key: str, now_s: float) -> float:
        """Counts a request; answers 0, or how many seconds to wait for the next one that would be taken."""
        if self.per_second == 0:
            return 0.0
        with self._guard:
            left, at = self._buckets.pop(key, (self.most, now_s))
            left = min(left + max(now_s - at, 0.0) * self.per_second, self.most)
            taken = left >= 1.0
            self._buckets[key] = (left - 1.0 if taken else left, now_s)
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
        return 0.0 if taken else (1.0 - left) / self.per_second
