"""A disk without room: said in a sentence, nothing half left, and it goes on when there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from koshiki.organization.models import Person
from koshiki.posts.models import Delivery, Post
from koshiki.public import static_copy
from koshiki.public.models import PublicCopy
from koshiki.register.models import Account
from tests.cast import Cast
from tests.posts.delivering import due_delivery, installed, run, sooner
from tests.posts.typing import image_file, typed
from tests.posts.writing import picture

__all__ = ["installed"]
pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("installed")]


class Small:
    """A file system of half a megabyte."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.filling = folder, folder / "filling"

    def fill(self) -> None:
        with self.filling.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                return

    def empty(self) -> None:
        self.filling.unlink()

    def files(self) -> list[str]:
        return [str(path.relative_to(self.folder)) for path in self.folder.rglob("*")
                if path.is_file() and path != self.filling]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    assert os.geteuid() == 0, "mounting a small file system needs root, as everything in script/test --peers that does"
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=True)
    try:
        yield Small(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_an_image_that_finds_no_room_is_said_at_its_field_and_the_text_stays(
    small: Small, settings: LazySettings, cast: Cast, account: Account, signed_in: Callable[[Person], Client],
) -> None:
    settings.KOSHIKI_MEDIA = small.folder / "media"
    settings.KOSHIKI_MEDIA.mkdir()
    small.fill()
    form = typed(account, do="save", text="避難所を開きました。", images=image_file(picture((800, 800))))
    answer = signed_in(cast.aoki).post("/posts/write/", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "画像を保存できません。ディスクの空きがありません" in page
    assert "避難所を開きました。" in page
    assert not Post.objects.exists()
    assert small.files() == []


def test_the_feed_waits_for_room_and_then_publishes_once(
    small: Small, settings: LazySettings, cast: Cast, account: Account,
) -> None:
    settings.KOSHIKI_FEED = small.folder / "feed"
    (settings.KOSHIKI_FEED / "entries").mkdir(parents=True)
    row = due_delivery(cast, account)
    small.fill()
    assert (run(row).state, row.reason) == ("retry", "発信一覧に書き込めません（ディスクの空きがありません）。")
    assert small.files() == []
    small.empty()
    assert run(sooner(row)).state == "sent"
    assert len(small.files()) == 1
    assert Delivery.objects.count() == 1


def test_the_public_copy_stays_the_old_one_until_there_is_room(
    small: Small, settings: LazySettings, cast: Cast, account: Account,
) -> None:
    settings.KOSHIKI_PUBLIC_DIR = small.folder / "public"
    settings.KOSHIKI_PUBLIC_DIR.mkdir()
    small.fill()
    with pytest.raises(OSError, match="No space"):
        static_copy.refresh()
    assert "空き" in PublicCopy.objects.get().error
    assert small.files() == []
    small.empty()
    static_copy.refresh()
    assert (settings.KOSHIKI_PUBLIC_DIR / "current/index.html").is_file()


def test_staff_pages_say_so_before_it_is_full_and_stay_up_when_it_is(
    small: Small, settings: LazySettings, cast: Cast, signed_in: Callable[[Person], Client],
) -> None:
    settings.KOSHIKI_HOME = small.folder
    assert "ディスクの空きが、あと0MBです" in signed_in(cast.abe).get("/").content.decode()
    small.fill()
    assert signed_in(cast.noda).get("/").status_code == 200
