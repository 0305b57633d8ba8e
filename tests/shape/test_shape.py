"""The shape of the code: short files, a domain without clock or dice, and every fault by its number."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.capabilities import CAPABILITIES
from tests.shape import faults

ROOT = Path(__file__).parents[2]
FOLDERS = ("domain", "workers", "scheduler", "adapters", "tests")
MAX_LINES = 300
MAX_FUNCTION_LINES = 60
LONGER = {
    "adapters/database/tables.py": "every table, read as one list",
    "tests/web/test_acting.py": "to be split",
}
# Whatever can answer differently tomorrow, or at the next try, comes in as a parameter.
FORBIDDEN_MODULES = {
    "random",
    "secrets",
    "uuid",
    "time",
    "os",
    "socket",
    "threading",
    "asyncio",
    "logging",
    "subprocess",
}
FORBIDDEN_CALLS = {"now", "utcnow", "today", "print", "input", "open", "getenv"}
VAGUE = ("manager", "helper", "util", "utils", "handler")


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return []


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_no_file_is_longer_than_300_lines() -> None:
    lines = {name(path): path.read_text().count("\n") for path in sources(*FOLDERS)}
    long = {file: count for file, count in lines.items() if count > MAX_LINES and file not in LONGER}
    assert long == {}, "split them where the subject changes"


def test_no_function_of_the_domain_is_longer_than_a_screen() -> None:
    long = [
        (name(path), node.name)
        for path in sources("domain")
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert long == []


def test_each_module_opens_with_a_sentence_about_what_is_in_it() -> None:
    silent = [
        name(path)
        for path in sources(*FOLDERS)
        if (text := path.read_text()).strip()
        and not (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0].endswith(".")
    ]
    assert silent == []


def test_F82_the_domain_has_no_clock_and_no_dice() -> None:
    found = [
        (name(path), getattr(node, "lineno", 0))
        for path in sources("domain")
        for node in nodes(path)
        if FORBIDDEN_MODULES & set(imported(node)) or called(node) in FORBIDDEN_CALLS
    ]
    assert found == []


def test_B3_no_float_comes_near_money() -> None:
    found = [
        (name(path), node.lineno)
        for path in sources("domain")
        for node in nodes(path)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float)) or getattr(node, "id", "") == "float"
        if isinstance(node, ast.expr)
    ]
    assert found == []


def test_no_module_of_ours_has_a_name_that_says_nothing() -> None:
    assert [name(path) for path in sources(*FOLDERS) if path.stem in VAGUE] == []


def test_R7_no_code_asks_which_processor_it_is() -> None:
    """Processors differ in the table of capabilities, never in an if."""
    found = [
        (name(path), node.lineno)
        for path in sources("domain", "workers", "scheduler", "adapters")
        for node in nodes(path)
        if isinstance(node, ast.Compare | ast.MatchValue)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and part.value in CAPABILITIES
    ]
    assert found == [], "ask `capability_for(account)`"


# -- faults --------------------------------------------------------------------------------------


def test_every_fault_and_invariant_that_a_test_names_is_in_the_catalogue() -> None:
    unknown = {id: tests for id, tests in faults.named().items() if id not in faults.FAULTS | faults.INVARIANTS}
    assert unknown == {}


def test_the_list_of_faults_and_their_tests_is_fresh() -> None:
    assert faults.DOCUMENT.read_text() == faults.document(), "run `python -m tests.shape.faults`"


@pytest.mark.parametrize("file", LONGER)
def test_what_may_be_longer_still_is(file: str) -> None:
    assert (ROOT / file).read_text().count("\n") > MAX_LINES, "it is short now: take it out of LONGER"
