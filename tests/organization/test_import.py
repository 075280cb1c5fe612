"""取込み: divisions, people and postings from files, all or nothing, as it was shown before; and out again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from koshiki import clock
from koshiki.audit.log import verify
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization import actions
from koshiki.organization.importing.acts import KINDS, carry_out, hand_in
from koshiki.organization.models import Division, Import, Person, Posting, RoleGrant
from koshiki.sheet import lines
from tests.cast import PASSWORD, Cast

SignedIn = Callable[[Person], Client]
NAMES = "職員番号,氏名\n"
POSTED = "職員番号,所属コード,職,開始日,終了日\n"
CODES = "所属コード,所属名,電話番号\n"


@pytest.fixture
def it(cast: Cast, signed_in: SignedIn) -> Client:
    return signed_in(cast.noda)


def chosen(it: Client, content: str | bytes) -> Client:
    """What the browser shows after this file was chosen."""
    content = content.encode() if isinstance(content, str) else content
    return it.post(reverse("organization_import"), {"file": SimpleUploadedFile("職員.csv", content)}, follow=True)


def taken_in(it: Client, content: str | bytes) -> str:
    """Chosen, looked at, carried out."""
    shown = chosen(it, content)
    assert shown.status_code == 200, faults(shown)
    digest = re.search(r'name="digest" value="(\w+)"', shown.content.decode())
    assert digest, shown.content.decode()
    answer = it.post(shown.request["PATH_INFO"], {"digest": digest[1]}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def faults(answer: Client) -> list[tuple[str, str, str]]:
    """Line, column and reason of each fault that the page names."""
    row = (r'<th scope="row">(.*?)</th>\s*<td data-label="列">(.*?)</td>\s*'
           r'<td data-label="直すところ"><div>(.*?)</div>')
    return re.findall(row, answer.content.decode(), re.S)


# ── what a file may be ─────────────────────────────────────────────

@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_names_arrive_as_they_are_written_in_every_encoding_that_offices_use(encoding: str, it: Client) -> None:
    taken_in(it, f"{NAMES}5001,髙﨑 ①郎\r\n".encode(encoding))
    assert Person.objects.get(staff_number="5001").name == "髙﨑 ①郎"


def test_the_line_that_is_in_another_encoding_is_named(it: Client) -> None:
    answer = chosen(it, f"{NAMES}5001,青木\n".encode() + "5002,髙﨑\n".encode("cp932"))
    assert answer.status_code == 422
    assert [(line, "UTF-8として読めない" in why) for line, _, why in faults(answer)] == [("3行目", True)]


@pytest.mark.parametrize(("content", "says"), [
    ("5001,青木\n", "見出しの行がないか"), (NAMES.strip() + ",住所\n5001,青木,磐田\n", "この名の列は取り込めません"),
    ("職員番号,氏名,氏名\n5001,青木,青木\n", "同じ名の列が二つ"), (f'{NAMES}5001,"青木\n', "引用符"),
    (f"{NAMES}5001,青木\n".encode("utf-16"), "UTF-16"), (b"\x81\x00\xff\xfe\n", "文字の符号"), (b"", "中身のない"),
])
def test_what_is_no_such_table_is_refused_with_its_reason(content: str | bytes, says: str, it: Client) -> None:
    answer = chosen(it, content)
    assert answer.status_code == 422
    assert says in answer.content.decode()


@pytest.mark.parametrize(("written", "day"), [
    ("2026-04-01", date(2026, 4, 1)), ("2026/4/1", date(2026, 4, 1)), ("2026/4/1 0:00", date(2026, 4, 1)),
    ("2026年4月1日", date(2026, 4, 1)), ("令和8年4月1日", date(2026, 4, 1)), ("令和８年４月１日", date(2026, 4, 1)),
    ("R8.4.1", date(2026, 4, 1)), ("令和元年5月1日", date(2019, 5, 1)), ("平成31年4月30日", date(2019, 4, 30)),
    ("H31/4/30", date(2019, 4, 30)), ("昭和64年1月7日", date(1989, 1, 7)),
])
def test_days_are_read_as_the_office_writes_them(written: str, day: date, it: Client, cast: Cast) -> None:
    taken_in(it, f"{POSTED}1001,220,係員,{written},\n")
    assert cast.abe.postings.get(division=cast.suido).start == day


@pytest.mark.parametrize("written", ["令和8年2月29日", "平成31年5月1日", "令和元年4月30日", "2026-13-01", "8.4.1", "46113"])
def test_a_day_that_is_none_is_named(written: str, it: Client) -> None:
    assert [(line, column) for line, column, _ in faults(chosen(it, f"{POSTED}1001,220,係員,{written},\n"))] == [
        ("2行目", "開始日")]


def test_columns_may_stand_in_any_order_and_empty_lines_are_nothing(it: Client) -> None:
    taken_in(it, "氏名,メール,職員番号\n,,\n新田 新,nitta@city.example,ａ12\n,,\n")
    assert Person.objects.get(staff_number="A12").email == "nitta@city.example"


def test_a_column_that_is_missing_leaves_what_is_registered(it: Client, cast: Cast) -> None:
    taken_in(it, f"{NAMES}1001,阿部 明子\n")
    cast.abe.refresh_from_db()
    assert (cast.abe.name, cast.abe.email) == ("阿部 明子", "abe@city.example")


# ── what is wrong in a line ────────────────────────────────────────

WRONG = {
    "a number that is not registered": (f"{POSTED}7777,110,係員,2026-04-01,\n", "職員番号", "登録されていません"),
    "a division that is not registered": (f"{POSTED}1001,999,係員,2026-04-01,\n", "所属コード", "登録されていません"),
    "a position that the guideline has not": (f"{POSTED}1001,220,大臣,2026-04-01,\n", "職", "ガイドラインのファイルにありません"),
    "an end before its beginning": (f"{POSTED}1001,220,係員,2026-04-01,2026-03-31\n", "終了日", "開始日より前"),
    "a second position at the same time": (f"{POSTED}1001,110,係長,2026-04-01,\n", "開始日", "重なります"),
    "a posting twice": (f"{POSTED}1001,220,係員,R8.4.1,\n1001,220,係員,2026/4/1,\n", "職員番号", "2行目と同じ"),
    "a posting that had ended": (f"{POSTED}1001,110,係員,2020-04-01,\n", "終了日", "続きに戻すことはできません"),
    "somebody else's name": ("職員番号,氏名,所属コード,職,開始日\n1001,青木 葵,220,係員,2026-04-01\n", "氏名", "阿部 明さん"),
    "another division's name": ("職員番号,所属コード,所属名,職,開始日\n1001,220,防災課,係員,2026-04-01\n", "所属名", "水道課"),
    "oneself": (f"{POSTED}9002,220,課長,2026-04-01,\n", "職員番号", "K-role"),
    "a number twice": (f"{NAMES}5001,甲\n５００１,乙\n", "職員番号", "2行目と同じ"),
    "a column too many": (f"{NAMES}5001,甲,乙\n", "—", "欄が3個"),
    "no name": (f"{NAMES}5001, \n", "氏名", "空です"),
    "a character that turns the text round": (f"{NAMES}5001,甲\u202e乙\n", "氏名", "文字の向きを変える"),
    "a line end in a name": (f'{NAMES}5001,"甲\n乙"\n', "氏名", "改行"),
    "外字": (f"{NAMES}5001,甲\ue000\n", "氏名", "外字（U+E000）"),
    "too long": (f"{NAMES}5001,{'長' * 61}\n", "氏名", "60字以内"),
    "no address": ("職員番号,氏名,メール\n5001,甲,甲\n", "メール", "メール"),
    "a number without its zeros": (f"{NAMES}77,甲\n", "職員番号", "先頭の0"),
    "an unknown word": ("職員番号,氏名,ログイン\n5001,甲,可\n", "ログイン", "使えません"),
    "one's own sign-in": ("職員番号,氏名,ログイン\n9002,野田 典,停止\n", "ログイン", "K-role"),
    "the name of another": (f"{CODES}400,防災課,1\n", "所属名", "所属コード 110 と同じ"),
    "a duty that another has": ("所属コード,所属名,電話番号,役割\n400,図書館,1,広報\n", "役割", "所属コード 320 と同じ"),
    "a division without telephone": (f"{CODES}400,図書館,\n", "電話番号", "空です"),
    "a code twice": (f"{CODES}400,図書館,1\n400,図書館二,1\n", "所属コード", "2行目と同じ"),
    "a division that will be closed": (f"{POSTED}1001,500,係員,2026-04-01,\n", "終了日", "廃止されます"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_line_that_cannot_be_is_named_with_its_column_and_reason(case: str, it: Client, cast: Cast) -> None:
    content, column, reason = WRONG[case]
    Person.objects.create(staff_number="0077", name="〇七七")
    Division.objects.create(code="500", name="臨時の課", telephone="1", end="2026-09-30")
    cast.abe.postings.update(end="2029-03-31")
    before = Entry.objects.count()
    answer = chosen(it, content)
    assert answer.status_code == 422
    found = faults(answer)
    assert [f for f in found if f[1] == column and reason in f[2]], found
    assert found[0][0] == f"{content.strip().count(chr(10)) + 1}行目" or case == "a line end in a name"
    assert (Import.objects.count(), Entry.objects.count()) == (0, before)


def test_every_bad_line_is_named_and_none_of_the_good_is_taken_in(it: Client) -> None:
    answer = chosen(it, f"{NAMES}5001,甲\n5002,\n5003,丙\n,丁\n5005,戊,己\n")
    assert [line for line, _, _ in faults(answer)] == ["3行目", "5行目", "6行目"]
    assert not Person.objects.filter(staff_number__startswith="500").exists()


def test_lines_are_counted_as_an_editor_counts_them(it: Client) -> None:
    content = '氏名,かな,職員番号\n'.replace("かな", "氏名（かな）") + '甲,"こ\nう",5001\n乙,おつ,\n'
    assert [line for line, _, _ in faults(chosen(it, content))] == ["2行目", "4行目"]


# ── the preview, and carrying out ──────────────────────────────────

def test_nothing_is_written_before_it_was_seen_and_then_what_was_seen(it: Client, cast: Cast) -> None:
    content = f"{NAMES}5001,甲野 甲\n1001,阿部 明子\n1002,青木 葵\n"
    page = chosen(it, content).content.decode()
    for words in ("甲野 甲（5001）", "阿部 明 → 阿部 明子", "<dt>新規</dt><dd><strong>1<", "<dt>変更なし</dt><dd><strong>1<"):
        assert words in page
    assert not Person.objects.filter(staff_number="5001").exists()
    assert "新規1件、変更1件、終了0件、変更なし1件" in taken_in(it, content)
    cast.abe.refresh_from_db()
    assert cast.abe.name == "阿部 明子"


@pytest.mark.clause("K-organization")
def test_each_person_and_the_import_itself_stand_in_the_log(it: Client, cast: Cast) -> None:
    before = Entry.objects.count()
    taken_in(it, f"{NAMES}5001,甲\n5002,乙\n1001,阿部 明子\n")
    made = list(Entry.objects.order_by("number")[before:])
    assert [(e.verb, e.clause, e.actor_id) for e in made] == [
        (verb, "K-organization", cast.noda.pk) for verb in ("person.change", "person.add", "person.add", "person.import")]
    assert (made[-1].data["new"], made[-1].data["changed"], made[-1].data["file"]) == (2, 1, "職員.csv")
    assert verify().holds


def test_the_same_file_again_changes_nothing(it: Client) -> None:
    content = f"{POSTED}1001,220,係員,令和8年4月1日,R9.3.31\n1002,220,主任,2026/4/1,\n"
    taken_in(it, content)
    before = (Entry.objects.count(), Posting.objects.count())
    answer = chosen(it, content).content.decode()
    assert "何も変わりません" in answer
    assert 'name="digest"' not in answer
    assert (Entry.objects.count(), Posting.objects.count()) == before


def test_a_transfer_day_ends_one_posting_and_begins_another(it: Client, cast: Cast) -> None:
    taken_in(it, f"{POSTED}1001,110,係員,2020-04-01,2026-03-31\n1001,220,係長,2026-04-01,\n")
    assert [(p.division.code, p.position, str(p.end)) for p in cast.abe.postings.order_by("start")] == [
        ("110", "係員", "2026-03-31"), ("220", "係長", "None")]


def test_divisions_are_entered_changed_and_ended(it: Client, cast: Cast) -> None:
    taken_in(it, "所属コード,所属名,電話番号,役割,廃止日\n400,図書館,0538-00-0400,,\n110,防災課,0538-00-0111,,\n220,水道課,"
                 "0538-00-0220,,令和9年3月31日\n")
    found = {d.code: (d.telephone, str(d.end)) for d in Division.objects.filter(code__in=["400", "110", "220"])}
    assert found == {"400": ("0538-00-0400", "None"), "110": ("0538-00-0111", "None"), "220": ("0538-00-0220", "2027-03-31")}


def test_a_person_is_shut_out_by_file(it: Client, cast: Cast, signed_in: SignedIn) -> None:
    abe = signed_in(cast.abe)
    taken_in(it, "職員番号,氏名,ログイン\n1001,阿部 明,停止\n")
    assert abe.get(reverse("home")).status_code == 302
    assert Entry.objects.get(verb="person.deactivate").data["reason"] == "職員の取込み"


@pytest.mark.clause("K-stale")
def test_what_was_not_seen_so_is_not_carried_out(it: Client, cast: Cast) -> None:
    shown = chosen(it, f"{NAMES}1001,阿部 明子\n5001,甲\n")
    digest = re.search(r'name="digest" value="(\w+)"', shown.content.decode())
    assert digest
    actions.change_person(cast.abe, by=cast.noda, name="阿部 明美")
    answer = it.post(shown.request["PATH_INFO"], {"digest": digest[1]})
    assert answer.status_code == 409
    assert "K-stale" in answer.content.decode()
    assert not Person.objects.filter(staff_number="5001").exists()
    assert "阿部 明美 → 阿部 明子" in it.get(shown.request["PATH_INFO"]).content.decode()


def test_one_line_that_is_refused_undoes_the_whole_file(cast: Cast) -> None:
    RoleGrant.objects.filter(person=cast.noda).update(end=clock.today())  # another must keep the system longer
    actions.grant_role(cast.abe, "it", start=clock.today(), by=cast.noda)
    handed_in, plan = hand_in("a.csv", "職員番号,氏名,ログイン\n5001,甲,有効\n1001,阿部 明,停止\n".encode(), by=cast.noda)
    assert handed_in
    with pytest.raises(Refused) as refusal:
        carry_out(handed_in, plan.digest, by=cast.noda)
    assert refusal.value.clause.id == "K-administrator"
    assert not Person.objects.filter(staff_number="5001").exists()


def test_a_preview_is_only_for_who_chose_the_file_and_is_gone_after_a_day(it: Client, cast: Cast, signed_in: SignedIn) -> None:
    actions.grant_role(cast.abe, "it", start=clock.today(), by=cast.noda)
    page = chosen(it, f"{NAMES}5001,甲\n").request["PATH_INFO"]
    assert (it.get(page).status_code, signed_in(cast.abe).get(page).status_code) == (200, 404)
    with clock.at(clock.now() + timedelta(days=2)):
        hand_in("b.csv", f"{NAMES}5002,乙\n".encode(), by=cast.noda)
    assert it.get(page).status_code == 404


def test_nothing_gives_a_role_by_file(it: Client, cast: Cast) -> None:
    answer = chosen(it, "職員番号,氏名,役割\n1001,阿部 明,システム管理\n")
    assert answer.status_code == 422
    for act in (lambda: hand_in("a.csv", f"{NAMES}5001,甲\n".encode(), by=cast.mori),
                lambda: actions.give_first_passwords([cast.abe], by=cast.mori)):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.clause.id == "K-organization"


def test_three_thousand_lines_ask_the_database_as_often_as_three(it: Client, cast: Cast) -> None:
    def queries(first: int, count: int) -> int:
        content = NAMES + "".join(f"{n},職員 {n}\n" for n in range(first, first + count))
        handed_in, plan = hand_in("a.csv", content.encode(), by=cast.noda)
        assert handed_in
        with CaptureQueriesContext(connection) as asked:
            carry_out(handed_in, plan.digest, by=cast.noda)
        return len(asked)
    few = queries(50_000, 3)
    assert queries(60_000, 3000) <= few + 10  # rows go in batches
    assert verify().holds


# ── the first password ─────────────────────────────────────────────

def test_first_passwords_are_shown_once_for_a_division_and_work(it: Client, cast: Cast) -> None:
    taken_in(it, f"{NAMES}5001,甲\n5002,乙\n")
    taken_in(it, f"{POSTED}5001,110,係員,2026-04-01,\n")
    assert "防災課" in it.get(reverse("first_passwords")).content.decode()
    answer = it.post(reverse("first_passwords"), {"division": cast.bosai.pk})
    passwords = re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", answer.content.decode())
    assert len(passwords) == 1
    assert "no-store" in answer.headers["Cache-Control"]
    browser = Client()
    assert browser.post(reverse("sign_in"), {"username": "5001", "password": passwords[0]}).status_code == 302
    assert browser.get(reverse("home")).headers["Location"] == reverse("password_change")
    assert passwords[0] not in "".join(Entry.objects.values_list("canonical", flat=True))
    assert not re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}",
                          it.post(reverse("first_passwords"), {"division": cast.bosai.pk}).content.decode())


def test_nobody_signs_in_as_somebody_without_a_password_and_nobody_loses_theirs(it: Client, cast: Cast) -> None:
    taken_in(it, f"{NAMES}5001,甲\n")
    for typed in ("", "!", Person.objects.get(staff_number="5001").password):
        assert Client().post(reverse("sign_in"), {"username": "5001", "password": typed}).status_code == 200
    cast.abe.set_password(PASSWORD)
    cast.abe.save()
    actions.give_first_passwords([cast.abe], by=cast.noda)
    cast.abe.refresh_from_db()
    assert cast.abe.check_password(PASSWORD)


# ── out again ──────────────────────────────────────────────────────

def exported(it: Client, kind: str) -> bytes:
    return b"".join(it.post(reverse("organization_export", args=[kind])))


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_taken_along_can_be_taken_in_again_and_changes_nothing(kind: str, it: Client, cast: Cast) -> None:
    actions.change_person(cast.abe, by=cast.noda, name="=1+1", kana="'@a", extension="+81")
    actions.change_division(cast.suido, by=cast.noda, telephone="-1", end=date(2030, 3, 31))
    actions.end_posting(cast.abe.postings.get(), end=clock.today(), by=cast.noda)
    actions.deactivate(cast.endo, by=cast.noda, reason="退職")
    content = exported(it, kind)
    assert "何も変わりません" in chosen(it, content).content.decode()
    assert Entry.objects.filter(verb=f"{kind}.export", clause="K-organization").count() == 1


def test_a_new_installation_takes_in_all_of_another(it: Client, cast: Cast) -> None:
    files = {kind: exported(it, kind) for kind in KINDS}
    before = (Person.objects.count(), Division.objects.count(), Posting.objects.count())
    Posting.objects.all().delete()
    connection.cursor().execute("DELETE FROM koshiki_deputy")
    Division.objects.all().delete()
    for kind in KINDS:
        if kind != "person":
            taken_in(it, files[kind])
    assert (Person.objects.count(), Division.objects.count(), Posting.objects.count()) == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_the_examples_can_be_taken_in(encoding: str, it: Client) -> None:
    for kind in KINDS:
        example = b"".join(it.get(reverse("import_example", args=[kind]))).decode("utf-8-sig")
        taken_in(it, example.encode(encoding))
    assert Posting.objects.filter(person__staff_number="990001", position="係長").exists()


def test_a_kind_that_is_none_is_not_there(it: Client) -> None:
    assert it.get(reverse("import_example", args=["log"])).status_code == 404
    assert it.post(reverse("organization_export", args=["log"])).status_code == 404


def test_hostile_words_in_a_file_stay_words(it: Client) -> None:
    content = "".join(lines([["職員番号", "氏名"], ["5001", "<script>alert(1)</script>"]]))
    page = chosen(it, content).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
