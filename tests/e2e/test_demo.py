"""The demo, from the first line on the terminal to a person signed in."""

import http.cookiejar
import re
import signal
import urllib.parse
import urllib.request
from pathlib import Path
from time import monotonic

from tests.e2e.oracle import examine
from tests.e2e.stack import stack

FIRST_FAILURES_WITHIN_S = 120.0  # a minute, on a machine that does nothing else


def test_a_visitor_sees_tonights_failures_and_signs_in(sqlite_url: str, tmp_path: Path) -> None:
    with stack(tmp_path, ENCAISSE_DATABASE_URL=sqlite_url) as machine:
        started = monotonic()
        process = machine.start("demo")
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line.rstrip("\n"))
            if "Ctrl-C" in line:
                break
        assert monotonic() - started < FIRST_FAILURES_WITHIN_S
        text = "\n".join(told)
        assert re.search(r"plateau .*[1-9]\d* charged, [1-9]\d* declined, [1-9]\d* in doubt", text)
        links = [line for line in told if re.fullmatch(r"http://127\.0\.0\.1:\d+/sign-in\?token=\S+", line)]
        assert len(links) == 2
        for link, language, guide in zip(
            links, ("en", "fr"), ("Your first minute", "Votre première minute"), strict=True
        ):
            browser, shown = sign_in(link)
            assert f'lang="{language}' in shown
            assert guide in shown
            for path in re.findall(
                r'<li><a href="(/[^"]+)"', shown.partition('class="guide"')[2].partition("</ol>")[0]
            ):
                with browser.open(urllib.parse.urljoin(link, path), timeout=10) as page:
                    assert page.status == 200, path
        assert machine.stop(process, signal.SIGINT) == 0
        assert examine(sqlite_url, tmp_path / "encaisse.journal.jsonl", settled=False).wrong == []
        checked = machine.run("check", "--json")
        assert checked.returncode == 0, checked.stdout
        again = machine.start("demo")  # what is named is kept: no second past
        assert again.stdout is not None
        assert "Tonight" in again.stdout.readline()


def sign_in(link: str) -> tuple[urllib.request.OpenerDirector, str]:
    """Opens the link, presses its button, and answers the browser and the page that follows."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["token"][0]
    with browser.open(link, timeout=10) as page:
        assert page.status == 200
    url = link.partition("?")[0]
    body = urllib.parse.urlencode({"token": token}).encode()
    origin = url.rpartition("/")[0]
    with browser.open(urllib.request.Request(url, body, {"Origin": origin}), timeout=10) as page:
        shown: str = page.read().decode()
    assert page.url.endswith("/action-items")
    return browser, shown


def test_a_demo_that_is_stopped_while_it_tells_its_past_leaves_nothing_behind(tmp_path: Path) -> None:
    with stack(tmp_path, TMPDIR=str(tmp_path)) as machine:
        process = machine.start("demo")
        assert process.stdout is not None
        assert "history" in process.stdout.readline()
        [folder] = tmp_path.glob("encaisse-demo-*")
        assert machine.stop(process) == 128 + signal.SIGTERM
        assert not folder.exists()
