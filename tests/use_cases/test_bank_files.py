"""E-checks that go by bank file: a batch is a file, the same bytes each time, at the bank once (E3)."""

from datetime import timedelta

from domain.bank_file import FileState
from domain.echeck import EcheckState
from tests.bank_world import TUESDAY, FileWorld


def test_E3_a_batch_is_one_file_with_its_control_totals(filed: FileWorld) -> None:
    ids = [filed.by_echeck(amount=1_000 + number, client=f"c-{number}") for number in range(5)]
    filed.evening()
    (file,) = filed.files()
    (batch,) = filed.batches()
    assert (file.state, file.batch, file.count, file.total) == (FileState.DELIVERED, batch.id, 5, batch.total)
    assert batch.state.value == "submitted"
    assert {filed.echeck(id).state for id in ids} == {EcheckState.SUBMITTED}
    echeck = filed.echeck(ids[0])
    assert (echeck.reference, echeck.first_on) == (filed.entry(ids[0]).trace, TUESDAY + timedelta(days=1))
    filed.agreed()
    assert len(filed.bank.files) == 1
