"""A film in a post, at two desks: attached, described, looked at, submitted; and looked at by who approves."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from koshiki.posts.models import Medium
from tests.browser.desks import Seat
from tests.browser.looking import look_at
from tests.cast import Cast, official
from tests.posts.films import film

pytestmark = [pytest.mark.peers, pytest.mark.django_db(transaction=True)]


@pytest.mark.clause("§4(2)", "§8(1)")
def test_a_film_is_looked_at_by_who_writes_and_by_who_approves(cast: Cast, seat: Seat, tmp_path: Path) -> None:
    official(cast, service="mastodon", name="磐田市防災")
    author = seat(cast.aoki).open("/posts/write/").write("件名", "放水訓練の動画").write("根拠", "防災第45号")
    author.write("本文（すべての発信先に共通）", "放水訓練のようすです。")
    author.attach("画像・動画を加える", b"\0\0\0\x20ftypisom", "途中.mp4", "video/mp4")
    author.reads("途中.mp4：動画のファイルが途中で切れています")
    author.attach("画像・動画を加える", film(tmp_path, size=(1280, 720)), "訓練.mp4", "video/mp4")
    author.write("代替テキスト", "はしご車から放水する消防団員").tick("だれの動画ですか", "市の職員が")
    author.tick("だれかと分かる人が写っていますか", "だれかと分かる人は")
    expect(author.main.locator(".preview video")).to_be_visible()
    look_at(author.page, name="write_a_film")
    author.press("提出する").reads("提出しました")
    approver = seat(cast.baba, phone=True).follows("の承認").reads("はしご車から放水する消防団員", "動画1　訓練.mp4")
    video = approver.main.locator(".preview video")
    expect(video).to_have_attribute("preload", "none")
    poster = approver.page.evaluate("address => fetch(address).then(a => a.headers.get('content-type'))",
                                    video.get_attribute("poster"))
    assert (poster, Medium.objects.get().milliseconds) == ("image/jpeg", 2000)
    look_at(approver.page, name="approve_a_film")
    assert author.heard == approver.heard == []
