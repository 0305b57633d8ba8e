"""`encaisse` as a process of its own, forked from one that has already imported everything.

What a process of its own is for stays: its streams, its environment, its exit status, its death. Only the second
that the imports take is paid once for a whole run instead of once for each command.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

PRELOADED = ["tests.forked", "adapters.entry", "adapters.cli.app", "adapters.roles", "adapters.embedded"]


def context() -> ForkServerContext:
    """The one server of this test process, started by its first command."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(PRELOADED)
    return made


def run(
    arguments: Sequence[str], *, said: str, env: Mapping[str, str], cwd: Path, within_s: float
) -> CompletedProcess[str]:
    """`encaisse ARGUMENTS` to its end; raises TimeoutExpired, after it has killed it."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("in", "out", "err")]
        streams[0].write_text(said, encoding="utf-8")
        process = context().Process(target=_encaisse, args=(list(arguments), streams, dict(env), cwd))
        process.start()
        process.join(within_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutExpired(["encaisse", *arguments], within_s)
        out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
        return CompletedProcess(["encaisse", *arguments], process.exitcode, out, err)


def _encaisse(arguments: list[str], streams: list[Path], env: dict[str, str], cwd: Path) -> None:
    for number, (path, flags) in enumerate(
        zip(streams, (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT), strict=True)
    ):
        os.dup2(os.open(path, flags), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", closefd=False) for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["encaisse", *arguments]
    from adapters.entry import main

    main()
