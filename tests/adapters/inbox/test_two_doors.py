"""The same commands through several doors at the same time are the same commands, each carried out once."""

from concurrent.futures import ThreadPoolExecutor

from adapters.inbox.accept import Accepted
from adapters.inbox.handling import handle_commands
from tests.adapters.office import Office, make_payment

DOORS = 4
COMMANDS = 40


def test_the_same_commands_through_several_doors_at_once_are_kept_once(office: Office):
    commands = [make_payment(payment=f"p-{n}", offline="cash", id=f"door-{n}") for n in range(COMMANDS)]
    with ThreadPoolExecutor(DOORS) as pool:
        doors = [pool.submit(office.accept_all, *commands, door=f"door-{n}") for n in range(DOORS)]
        answers = [door.result() for door in doors]
    for at_once in zip(*answers, strict=True):
        assert len({answer.seq for answer in at_once if isinstance(answer, Accepted)}) == 1
        assert all(isinstance(answer, Accepted) for answer in at_once)


def test_two_doors_with_different_bodies_agree_on_one(office: Office):
    def send(amount: int) -> list[bool]:
        commands = [make_payment(amount, payment=f"p-{n}", offline="cash", id=f"door-{n}") for n in range(COMMANDS)]
        return [isinstance(answer, Accepted) for answer in office.accept_all(*commands)]

    with ThreadPoolExecutor(DOORS) as pool:
        taken = list(pool.map(send, range(1, DOORS + 1)))
    assert [sum(of_one) for of_one in zip(*taken, strict=True)] == [1] * COMMANDS


def test_several_workers_on_one_lane_carry_out_each_command_once_and_in_order(office: Office):
    office.accept_all(*(make_payment(n + 1, payment=f"p-{n}", offline="cash") for n in range(COMMANDS)))

    def work(_: int) -> int:
        total = 0
        while done := handle_commands(office.app, organisation="ymca", limit=5):
            total += done
        return total

    with ThreadPoolExecutor(DOORS) as pool:
        assert sum(pool.map(work, range(DOORS))) == COMMANDS
    with office.app.books.begin(read_only=True) as tx:
        posted = tx.connection.exec_driver_sql("SELECT amount FROM ledger_transactions ORDER BY at, id").scalars().all()
    assert sorted(posted) == list(range(1, COMMANDS + 1))
