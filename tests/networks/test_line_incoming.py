"""What LINE sends by webhook: only what LINE signed, and of that the messages of persons."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from linebot.v3.webhooks.models import (
    DeliveryContext,
    EventMode,
    FollowDetail,
    FollowEvent,
    GroupSource,
    MessageEvent,
    StickerMessageContent,
    TextMessageContent,
    UnsendDetail,
    UnsendEvent,
    UserSource,
)

from koshiki.networks.base import Comment, Secret
from koshiki.networks.line.incoming import arrived, comments_in, signature_fits

SECRET = Secret("8c570fa6dd201bb328f1c1eac23a96d8")
BOT, WRITER = "U" + "0" * 32, "U" + "1" * 32


def signed(body: bytes, secret: Secret = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.reveal().encode(), body, hashlib.sha256).digest()).decode()


def event(kind: type[Any], **more: Any) -> dict[str, Any]:
    """An event as LINE's own model writes it."""
    made = kind(
        source=more.pop("source", UserSource(user_id=WRITER)), timestamp=1_764_230_400_500, mode=EventMode.ACTIVE,
        webhook_event_id="01FZ74A0TDDPYRVKNK77XKC3ZR", delivery_context=DeliveryContext(is_redelivery=False), **more)
    return dict(json.loads(made.to_json()))


def body(*told: Any) -> bytes:
    return json.dumps({"destination": BOT, "events": list(told)}).encode()


def events(sent: bytes) -> list[Comment]:
    """The messages in it, by way of what is kept."""
    return comments_in(kept.text for kept in arrived(sent))


def text(words: str, **more: Any) -> TextMessageContent:
    return TextMessageContent(id="444573844083572737", text=words, quote_token="q3Plxr4AgKd...", **more)


class TestSignature:
    def test_what_line_signed_fits(self) -> None:
        assert signature_fits(b"{}", signed(b"{}"), SECRET)
        assert signature_fits("道路に穴があります".encode(), f" {signed('道路に穴があります'.encode())}\n", SECRET)

    @pytest.mark.parametrize("signature", ["", "あ", "AAAA", "\udcff", signed(b"{ }"), signed(b"{}", Secret("another"))])
    def test_anything_else_does_not(self, signature: str) -> None:
        assert not signature_fits(b"{}", signature, SECRET)


class TestEvents:
    def test_a_message_is_read_as_its_writer_wrote_it(self) -> None:
        [comment] = events(body(event(MessageEvent, message=text("道路に穴があります🕳"))))
        assert (comment.remote_id, comment.writer_id, comment.text) == ("444573844083572737", WRITER, "道路に穴があります🕳")
        assert comment.at == datetime(2025, 11, 27, 8, 0, 0, 500_000, UTC)
        assert (comment.on, comment.answers, comment.url, comment.hidden) == ("", "", "", False)

    def test_what_it_quotes_is_told(self) -> None:
        [comment] = events(body(event(MessageEvent, message=text("これのことです", quoted_message_id="4445"))))
        assert comment.answers == "4445"

    def test_a_message_without_words_says_what_it_is(self) -> None:
        sticker = StickerMessageContent(id="5", package_id="1", sticker_id="2", sticker_resource_type="STATIC", quote_token="q")
        [comment] = events(body(event(MessageEvent, message=sticker)))
        assert comment.text == "（スタンプ）"

    def test_delivered_again_it_has_the_same_number(self) -> None:
        first = event(MessageEvent, message=text("はい"))
        again = first | {"deliveryContext": {"isRedelivery": True}}
        assert len({comment.remote_id for comment in events(body(first, again))}) == 1
        assert {kept.number for kept in arrived(body(first, again))} == {"01FZ74A0TDDPYRVKNK77XKC3ZR"}

    def test_what_has_no_number_of_its_own_gets_one_from_what_it_says(self) -> None:
        told = [event(MessageEvent, message=text(words)) | {"webhookEventId": odd}
                for words, odd in (("はい", None), ("はい", None), ("いいえ", None), ("はい", "\0"))]
        numbers = [kept.number for kept in arrived(body(*told))]
        assert [len(number) for number in numbers] == [64] * 4
        assert (numbers[0] == numbers[1], len(set(numbers))) == (True, 3)

    def test_what_its_writer_took_back_is_no_message_any_more(self) -> None:
        back = event(UnsendEvent, unsend=UnsendDetail(message_id="444573844083572737"))
        assert events(body(event(MessageEvent, message=text("やめます")), back)) == []

    def test_nothing_is_kept_that_opens_an_answer_and_nothing_that_a_database_refuses(self) -> None:
        [kept] = arrived(body(event(MessageEvent, message=text("\0\ud800"), reply_token="nHuyWiB7yP5Zw52FIkcQobQuGDXCTA")))
        assert "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA" not in kept.text
        assert kept.text.isascii()
        assert "\0" not in kept.text

    def test_what_no_person_wrote_to_the_account_is_left_out(self) -> None:
        told = (event(FollowEvent, reply_token="r", follow=FollowDetail(is_unblocked=False)),
                event(MessageEvent, message=text("雑談"), source=GroupSource(group_id="C1", user_id=WRITER)))
        assert events(body(*told)) == []
        assert events(body()) == []

    @pytest.mark.parametrize("odd", [
        5, None, {}, {"type": "message"}, {"type": "message", "message": {}, "source": {"type": "user"}},
        {"type": "message", "message": {"id": "1"}, "source": {"type": "user"}, "timestamp": "yesterday"},
        {"type": "message", "message": {"id": "1"}, "source": {"type": "user"}, "timestamp": 10**30},
    ])  # fmt: skip
    def test_an_odd_event_is_left_out(self, odd: Any) -> None:
        assert events(body(odd)) == []

    @pytest.mark.parametrize("rubbish", [b"", b"[]", b"\xff", b'{"events": 5}', b"{}"])
    def test_rubbish_is_no_event(self, rubbish: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011
            events(rubbish)
