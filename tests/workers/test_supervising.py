"""What ends by itself is started again, so many times; what another start would not change is not."""

import subprocess
import sys

import pytest

SUPERVISED = """
import os, signal, sys
from workers.supervising import Supervisor
def serve():
    print("served", flush=True)
    {serve}
sys.exit(Supervisor(serve, restart_after_s=0.01, max_restarts=3).run())
"""


@pytest.mark.parametrize(
    ("serve", "times", "status"),
    [
        ("return 1", 4, 1),
        ("return 0", 4, 1),
        ("os.kill(os.getpid(), signal.SIGKILL)", 4, 9),
        ("return 2", 1, 2),  # an import that fails
        ("os.kill(os.getppid(), signal.SIGTERM); signal.pause()", 1, 0),
    ],
)
def test_a_child_is_started_again_a_bounded_number_of_times(serve: str, times: int, status: int):
    ran = subprocess.run(
        [sys.executable, "-c", SUPERVISED.format(serve=serve)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ran.stdout.count("served"), ran.returncode) == (times, status), ran.stderr
