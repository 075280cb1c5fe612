"""The log in words: what each recorded act is called in the office."""

from __future__ import annotations

from koshiki.audit.models import Entry

WORDS = {
    # 組織
    "person.sign_in": "サインイン",
    "person.add": "職員を登録",
    "person.change": "職員の登録を訂正",
    "person.deactivate": "ログインを停止",
    "person.reactivate": "ログインを有効に戻す",
    "person.reset_password": "パスワードを再発行",
    "person.change_password": "パスワードを変更",
    "person.confirm_guideline": "ガイドラインを確認",
    "posting.add": "配属を登録",
    "posting.end": "配属を終了",
    "rolegrant.add": "役割を付与",
    "rolegrant.end": "役割を終了",
    "division.add": "所属を登録",
    "division.change": "所属の登録を訂正",
    "deputy.name": "代決者を指定",
    "deputy.end": "代決者の指定を終了",
    "absence.report": "不在を届出",
    "absence.end": "不在を終了",
    "refused": "拒まれた操作",
    "log.export": "記録を書き出し",
    "最初の管理者を作成": "最初の管理者を登録",
}

THINGS = {
    "person": "職員", "division": "所属", "posting": "配属", "rolegrant": "役割", "deputy": "代決者",
    "absence": "不在", "account": "アカウント", "post": "投稿", "revision": "版", "approval": "承認",
    "delivery": "配信", "hold": "停止", "assignment": "指定", "connection": "接続", "medium": "素材",
    "policy": "運用ポリシー", "application": "申請", "decision": "決裁・合議", "notification": "届出",
    "installation": "設置", "head": "監査記録",
}


def words(entry: Entry) -> str:
    """What was done, in words; a verb without words as it stands in the log."""
    return WORDS.get(entry.verb, entry.verb)


def kind(entry: Entry) -> str:
    """What kind of thing it was done to."""
    name = entry.thing.split(":")[0]
    return THINGS.get(name, name)
