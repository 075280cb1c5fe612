"""The static copy: the same pages as files, whole at every moment, within seconds of a change, and not without one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from django.db import connections, transaction
from django.test import Client

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import guideline
from koshiki.organization.models import Division, Person
from koshiki.posts.models import Medium
from koshiki.public import jobs, site, static_copy
from koshiki.public.models import PublicCopy
from koshiki.public.standing import standing
from koshiki.register.models import Account
from tests.cast import Cast, make_cast, official
from tests.public.reading import read
from tests.public.saying import policy_of, said


def act(thing: Any) -> None:
    """Something happens, and stands in the log."""
    with transaction.atomic():
        record("test.act", thing, by=None)


@pytest.fixture
def city(cast: Cast) -> Account:
    account = official(cast, service="mastodon", handle="@bosai@sns.example", url="https://sns.example/@bosai")
    policy_of(account, by=cast.chiba)
    said(cast, account, pictures=("避難所の地図",))
    said(cast, account, text="去年の知らせ", at=clock.now() - timedelta(days=400))
    act(account)
    return account


def wake() -> None:
    """What the worker does every three seconds."""
    jobs.refresh(timestamp=0)


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def releases(place: Path) -> list[str]:
    return sorted((path.name for path in (place / "releases").iterdir() if path.is_dir()), key=int)


def test_the_copy_is_the_live_pages(city: Account, place: Path) -> None:
    wake()
    copied = files(place / "current")
    assert set(site.paths()) <= set(copied)
    for path in site.paths():
        if not path.endswith("check.html"):
            assert Client().get(f"/official/{path}").content == copied[path], path


def test_every_link_of_the_copy_leads_somewhere_and_none_out_of_it(city: Account, place: Path) -> None:
    """Below any path: a page's own links are relative, those of 404.html alone begin at the city's address."""
    wake()
    root = place / "current"
    for page in root.rglob("*.html"):
        here = f"https://copy.example/somewhere/{page.relative_to(root)}"
        for link in read(page.read_text(encoding="utf-8")).links:
            moved = link.replace("/official/", "/somewhere/", 1) if page.name == "404.html" else link
            target = urlsplit(urljoin(here, moved))
            if target.netloc != "copy.example" or target.scheme != "https":
                assert link.startswith(("https://sns.example/", "tel:")), f"{page} leads to {link}"
                continue
            assert page.name == "404.html" or not link.startswith("/"), f"{link} leaves the folder"
            found = root / unquote(target.path).removeprefix("/somewhere/")
            found = found / "index.html" if target.path.endswith("/") else found
            assert found.is_file(), f"{page} leads to {link}"
            if target.fragment:
                assert target.fragment in read(found.read_text(encoding="utf-8")).ids


def test_other_peoples_web_server_can_read_it(city: Account, place: Path) -> None:
    wake()
    for path in (place / "current").resolve().rglob("*"):
        assert path.is_symlink() or path.stat().st_mode & 0o044 == 0o044, path
    assert (place / "current/m").resolve() == (place / "staging").resolve()
    assert (place / "current/m").is_dir()


def test_where_nobody_answers_the_form_is_there_with_its_script_alone_and_the_list_always(city: Account, place: Path) -> None:
    """tests/public/test_two_readers.py sees both in a browser."""
    wake()
    for path in ("check.html", "en/check.html"):
        page = (place / "current" / path).read_text(encoding="utf-8")
        assert page.count("<form") == page.count('<form class="needs-script"') == 1
        assert "https://sns.example/@bosai" in read(page).text


def test_a_change_is_in_the_copy_when_the_worker_wakes_next(city: Account, cast: Cast, place: Path) -> None:
    wake()
    said(cast, city, text="新しい知らせ")
    act(city)
    wake()
    assert "新しい知らせ" in (place / "current/feed/index.html").read_text()
    assert "新しい知らせ" in (place / f"current/feed/{clock.today()}.html").read_text()


@pytest.mark.parametrize("change", [
    lambda account: Account.objects.filter(pk=account.pk).update(introduction="新しい紹介文"),
    lambda account: Division.objects.filter(pk=account.division_id).update(telephone="0538-00-9999"),
    lambda account: policy_of(account, by=account.created_by, version=2, purpose="新しい目的"),
    lambda account: Account.objects.filter(pk=account.pk).update(state="listed", official_at=None),
])
def test_whatever_citizens_see_is_renewed(city: Account, place: Path, change: Callable[[Account], Any]) -> None:
    wake()
    before = files(place / "current")
    change(city)
    act(city)
    wake()
    after = files(place / "current")
    assert after != before
    for path in (p for p in site.paths() if not p.endswith("check.html")):
        assert Client().get(f"/official/{path}").content == after[path], path


def test_without_a_change_nothing_is_written(city: Account, place: Path) -> None:
    wake()
    wake()
    assert releases(place) == ["1"]
    assert static_copy.last().release == 1


def test_an_act_that_citizens_do_not_see_writes_nothing(city: Account, cast: Cast, place: Path) -> None:
    wake()
    said(cast, city, text="下書き", state="waiting")
    Person.objects.filter(pk=cast.abe.pk).update(name="別の 名前")
    act(cast.abe)
    wake()
    assert releases(place) == ["1"]
    assert not standing().alarm


def test_a_page_that_did_not_change_is_the_same_file(city: Account, cast: Cast, place: Path) -> None:
    wake()
    said(cast, city, text="新しい知らせ")
    act(city)
    wake()
    old, new = place / "releases/1", place / "releases/2"
    for path in ("about.html", "assets/koshiki.css", f"feed/{clock.today() - timedelta(days=400)}.html",
                 f"accounts/{city.pk}/policy.html"):
        assert (old / path).samefile(new / path), path
    for path in ("feed/index.html", f"accounts/{city.pk}/index.html"):
        assert not (old / path).samefile(new / path), path


def test_the_last_three_are_kept(city: Account, cast: Cast, place: Path) -> None:
    for number in range(5):
        said(cast, city, text=f"知らせ{number}")
        act(city)
        wake()
    assert releases(place) == ["3", "4", "5"]
    assert (place / "current").resolve().name == "5"
    assert sorted(path.name for path in (place / "releases").glob("*.json")) == ["3.json", "4.json", "5.json"]


@pytest.mark.clause("§7(2)")
def test_what_is_no_longer_listed_is_gone_from_the_older_ones_too(city: Account, cast: Cast, place: Path) -> None:
    other = official(cast, name="磐田市からのお知らせ")
    wake()
    Account.objects.filter(pk=other.pk).update(state="received", official_at=None)
    act(other)
    wake()
    assert releases(place) == ["2"]
    assert not [path for path in place.rglob("*.html") if "磐田市からのお知らせ" in path.read_text()]


def test_accounts_and_posts_may_share_a_picture(city: Account, cast: Cast, place: Path) -> None:
    official(cast, name="磐田市からのお知らせ")
    said(cast, city, text="同じ地図です。", pictures=("避難所の地図",))
    Account.objects.update(image=Medium.objects.all()[0].sha256)
    wake()
    act(city)
    said(cast, city, text="新しい知らせ")
    wake()
    media = {path.name for path in (place / "current/media").iterdir()}
    shown = {link for page in (place / "current").rglob("*.html") for link in read(page.read_text(encoding="utf-8")).links}
    assert media == {link.rpartition("/")[2] for link in shown if "media/" in link}


def test_a_lost_folder_is_written_again(city: Account, place: Path) -> None:
    wake()
    place.rename(place.with_name("lost"))
    wake()
    assert (place / "current/index.html").is_file()


def test_staff_see_when_it_was_written(city: Account, place: Path) -> None:
    assert standing().text == "公開用の写しは、まだありません。"
    wake()
    assert "に書き出しました。" in standing().text
    assert not standing().alarm


def test_staff_are_alarmed_when_it_is_older_than_the_last_change(city: Account, place: Path) -> None:
    wake()
    allowed = guideline().deadlines["public_copy_seconds"]
    with clock.at(clock.now() - timedelta(seconds=allowed - 5)):
        act(city)
    assert not standing().alarm
    with clock.at(clock.now() + timedelta(seconds=10)):
        assert standing().alarm
        assert "まだ公開ページに出ていません" in standing().text
        wake()
        assert not standing().alarm


def test_staff_are_alarmed_when_no_worker_has_ever_written_it(city: Account, place: Path) -> None:
    assert not standing().alarm
    with clock.at(clock.now() + timedelta(seconds=70)):
        assert standing().alarm


def test_it_and_information_policy_see_it_at_home(city: Account, cast: Cast, place: Path, signed_in: Any) -> None:
    wake()
    for person, sees in ((cast.noda, True), (cast.hata, True), (cast.aoki, False)):
        assert ("公開用の写しは" in signed_in(person).get("/").content.decode()) is sees
    with clock.at(clock.now() - timedelta(minutes=2)):
        act(city)
    for person, sees in ((cast.noda, True), (cast.hata, True), (cast.aoki, False)):
        for page in ("/", "/accounts/"):
            text = signed_in(person).get(page).content.decode()
            assert ("公開ページの写しが新しくありません" in text) is sees, "a bar on every page"


def test_what_can_not_be_written_is_told_and_tried_again(city: Account, cast: Cast, place: Path) -> None:
    wake()
    (place / "releases").rename(place / "moved")
    (place / "releases").write_text("a file stands in the way")
    act(city)
    with pytest.raises(OSError, match="exists"):
        wake()
    assert standing().alarm
    assert "書き出せません" in standing().text
    (place / "releases").unlink()
    (place / "moved").rename(place / "releases")
    wake()
    assert not standing().alarm


@pytest.mark.parametrize("fault", [(errno.ENOSPC, "空きを作ると、自動で書き直します"),
                                            (errno.EACCES, "権限を与えてください"), (errno.EROFS, "別の場所を書いてください")])
def test_why_it_can_not_be_written_is_said_with_what_to_do(
    city: Account, cast: Cast, place: Path, monkeypatch: pytest.MonkeyPatch, fault: tuple[int, str]
) -> None:
    """The disk is full, or not ours, in the middle of a release: the old one stays, and nothing half-written is left."""
    code, cure = fault
    wake()
    said(cast, city, text="新しい知らせ")
    act(city)

    def full(*args: object) -> None:
        raise OSError(code, os.strerror(code), str(place / "releases/.2/feed/index.html"))

    monkeypatch.setattr(os, "fchmod", full)  # the disk's answer; root of this machine may write everywhere
    with pytest.raises(OSError, match=os.strerror(code)):
        wake()
    assert cure in standing().text
    assert standing().alarm
    assert not (place / "releases/.2").exists()
    assert "新しい知らせ" not in (place / "current/feed/index.html").read_text()
    monkeypatch.undo()
    wake()
    assert not standing().alarm
    assert "新しい知らせ" in (place / "current/feed/index.html").read_text()


# ---------------------------------------------------------------- with real transactions


@pytest.fixture
def big_city(committed_db: None) -> Account:
    cast = make_cast()
    account = official(cast, service="mastodon", url="https://sns.example/@bosai")
    for day in range(60):
        said(cast, account, text=f"知らせ{day}", at=clock.now() - timedelta(days=day))
    act(account)
    return account


@pytest.fixture
def writer(big_city: Account, place: Path, database_urls: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts another process that writes the copy."""
    started: list[subprocess.Popen[bytes]] = []
    command = ("import django; django.setup(); from koshiki.public.static_copy import refresh; refresh()")
    environment = {**os.environ, **database_urls, "DJANGO_SETTINGS_MODULE": "koshiki.settings",
                   "KOSHIKI_PUBLIC_DIR": str(place), "KOSHIKI_PUBLIC_URL": "https://www.city.example.jp/official/"}

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", command], env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_writer_that_is_killed_leaves_the_old_copy_whole(
    big_city: Account, place: Path, writer: Callable[[], subprocess.Popen[bytes]]
) -> None:
    wake()
    before = files(place / "current")
    Account.objects.update(name="新しい名前")
    act(big_city)
    process = writer()
    _wait_for(lambda: len(list((place / "releases/.2").rglob("*.html"))) > 20)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (place / "releases/.2").is_dir(), "it was killed in the middle"
    assert files(place / "current") == before
    wake()
    assert "新しい名前" in (place / "current/index.html").read_text()
    assert not (place / "releases/.2").exists()


def _wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def test_two_writers_at_once_write_one_copy(big_city: Account, place: Path) -> None:
    seen: list[object] = []

    def refresh() -> None:
        try:
            seen.append(static_copy.refresh())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [copy.release for copy in seen if isinstance(copy, PublicCopy)] == [1]
    assert seen.count(None) == 3
    assert releases(place) == ["1"]
