"""Return rates: families of codes, limits in whole numbers, nothing where nothing was sent (E5)."""

import pytest

from domain.return_rates import Watched, rates


@pytest.mark.parametrize(
    ("debits", "returned", "over"),
    [
        (150, {"R10": 1}, {Watched.UNAUTHORISED}),
        (200, {"R10": 1}, set()),
        (1_000, {"R02": 20, "R03": 10}, set()),
        (1_000, {"R02": 21, "R03": 10}, {Watched.ADMINISTRATIVE}),
        (1_000, {"901": 150}, set()),
        (1_000, {"901": 151}, {Watched.ALL}),
        (1_000, {"917": 6, "905": 31, "R01": 120}, {Watched.UNAUTHORISED, Watched.ADMINISTRATIVE, Watched.ALL}),
        (0, {}, set()),
    ],
)
def test_E5_a_rate_is_over_its_limit_in_whole_numbers(debits: int, returned: dict[str, int], over: set[Watched]):
    assert {rate.watched for rate in rates(debits, returned) if rate.over} == over
