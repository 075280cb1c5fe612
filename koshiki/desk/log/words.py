"""The log in words: what each recorded act is called in the office. A step of a workflow has its own words."""

from __future__ import annotations

from koshiki.audit.models import Entry
from koshiki.posts.flow import FLOW as POST
from koshiki.register.changing import CHANGE
from koshiki.register.closing import CLOSING
from koshiki.register.flow import FLOW as ACCOUNT

WORDS = {
    # 組織
    "person.sign_in": "サインイン",
    "person.add": "職員を登録",
    "person.change": "職員の登録を訂正",
    "person.deactivate": "ログインを停止",
    "person.reactivate": "ログインを有効に戻す",
    "person.reset_password": "パスワードを再発行",
    "person.change_password": "パスワードを変更",
    "person.first_password": "最初のパスワードを発行",
    "division.import": "所属をファイルから取込み",
    "person.import": "職員をファイルから取込み",
    "posting.import": "配属をファイルから取込み",
    "division.export": "所属を書き出し",
    "person.export": "職員を書き出し",
    "posting.export": "配属を書き出し",
    "person.confirm_guideline": "ガイドラインを確認",
    "posting.add": "配属を登録",
    "posting.end": "配属を終了",
    "rolegrant.add": "役割を付与",
    "rolegrant.end": "役割を終了",
    "rolegrant.first": "最初の管理者を登録",
    "division.add": "所属を登録",
    "division.change": "所属の登録を訂正",
    "deputy.name": "代決者を指定",
    "deputy.end": "代決者の指定を終了",
    "absence.report": "不在を届出",
    "absence.end": "不在を終了",
    # アカウント
    "account.begin": "申請の準備を始める",
    "decision.read": "後閲",
    "policy.complete": "運用ポリシーに別紙1を記載",
    "policy.read": "運用ポリシーを読む",
    "policychange.in_force": "運用ポリシーの新しい版を適用",
    "policydecision.read": "後閲",
    "assignment.end": "指定を終了",
    "assignment.revoke": "指定を取り消す",
    "hold.stop": "発信を停止",
    "hold.lift": "停止を解除",
    "profilefinding.find": "プロフィール欄の不備が見つかる",
    "profilefinding.right": "プロフィール欄の不備が直る",
    "profilefinding.explain": "プロフィール欄の不備の理由を記録",
    "profilefinding.reopen": "プロフィール欄の不備の理由を取り消す",
    "servicechange.mark": "サービスの変更を知らせる",
    "servicechange.take_back": "サービスの変更の知らせを取り消す",
    "connection.refresh": "接続の鍵を更新",
    "service_app.register": "アプリの鍵を記録",
    "service_app.end": "アプリの鍵を消去",
    "inlet.make": "受け口を作る",
    "allowance.set": "サービスの回数の枠を決定",
    "keys.add": "鍵束に鍵を追加",
    "keys.reseal": "接続の鍵を封じ直し",
    "keys.drop": "鍵束から鍵を除く",
    # 投稿と配信
    "post.write": "投稿を起案",
    "post.correct": "訂正を始める",
    "post.corrected": "訂正の完了",
    "post.export": "投稿の一覧を書き出し",
    "post.overdue": "発信日時までに承認されなかった",
    "medium.register": "素材を登録",
    "delivery.send": "配信",
    "delivery.edit": "発信したものを編集",
    "delivery.delete": "発信したものを削除",
    "delivery.find": "配信済みと確認",
    "delivery.not_found": "未配信と確認",
    "delivery.unknown": "配信の結果が不明",
    "delivery.ask_person": "職員に確認を求める",
    "delivery.hold": "配信を保留",
    "delivery.fail": "配信に失敗",
    "delivery.read_back": "配信したものを読み返し",
    "delivery.say_posted": "「投稿済み」と判断",
    "delivery.say_not_posted": "「未投稿」と判断",
    "delivery.hand_over": "職員に投稿を求める",
    "delivery.remind": "手渡しの催促",
    "delivery.take": "投稿を引き受ける",
    "delivery.give_back": "投稿していないと記録",
    "delivery.record_address": "投稿のアドレスを記録",
    "delivery.mend_address": "投稿のアドレスを直す",
    "delivery.repeat": "同じ鍵で確かめ、配信済みと確認",
    "delivery.release": "保留した配信を進める",
    "installation.confirm": "復元を確認",
    "installation.restore": "控えから復元",
    "installation.backup": "控えを取得",
    "installation.upgrade": "新しい版に更新",
    # 記録
    "refused": "拒まれた操作",
    "log.export": "記録を書き出し",
    **{f"post.{step.name}": step.label for step in POST.steps.values()},
    **{f"account.{step.name}": step.label for step in ACCOUNT.steps.values()},
    **{f"closing.{step.name}": step.label for step in CLOSING.steps.values()},
    **{f"policychange.{step.name}": step.label for step in CHANGE.steps.values()},
}

THINGS = {
    "person": "職員", "division": "所属", "posting": "配属", "rolegrant": "役割", "deputy": "代決者",
    "absence": "不在", "account": "アカウント", "post": "投稿", "delivery": "配信", "hold": "停止",
    "assignment": "指定", "medium": "素材", "policy": "運用ポリシー", "decision": "決裁・合議",
    "installation": "設置", "serviceapp": "アプリの登録",
    "allowance": "枠の上限", "closing": "廃止", "policychange": "運用ポリシーの変更", "policydecision": "変更の決裁",
    "profilefinding": "プロフィールの不備", "servicechange": "サービスの変更",
}


def words(entry: Entry) -> str:
    """What was done, in words; a verb without words as it stands in the log."""
    return WORDS.get(entry.verb, entry.verb)


def kind(entry: Entry) -> str:
    """What kind of thing it was done to."""
    name = entry.thing.split(":")[0]
    return THINGS.get(name, name)
