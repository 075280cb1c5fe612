"""§5(1)–(9): words that may fall under one of the nine are pointed out where they say it, not where they only sound so."""

from __future__ import annotations

import pytest

from tests.posts.checking import clauses

HOLDING = {
    "§5(1)": ["山田候補を応援します", "必ずもうかる投資です", "飲むだけでやせるお茶"],
    "§5(2)": ["バカな質問が多い", "クレーマーには困ります", "このハゲ！", "クソ野郎", "ブスは来るな",
              "非常識な人が増えています"],
    "§5(3)": ["外人の方もどうぞ", "片手落ちの対応", "父兄の皆さん", "痴呆の予防", "女性ならではの視点", "後進国の支援"],
    "§5(4)": ["この水は絶対に安全です", "100％安全です", "拡散希望", "聞いた話ですが"],
    "§5(5)": ["【部外秘】会議の結果", "取扱注意の資料から", "マル秘", "パスワードは abcd1234 です", "発表前の情報です"],
    "§5(6)": ["ネットで拾った写真です", "拾い画ですが", "出典不明の図"],
    "§5(7)": ["駅前の再開発は検討中です", "総合計画の素案を紹介します", "開始時期は調整中", "統合する方向です",
              "個人的には反対です", "日程は未定です"],
    "§5(8)": ["知らんけど", "税金の無駄", "楽しみwww", "忘れてました（笑）"],
    "§5(9)": ["死ね", "エロい話", "アダルトサイトの紹介"],
}
PEACEFUL = [
    "投票日は12月6日です。お忘れなく。", "必ずもうかるという電話は詐欺です", "バカンスの季節", "カブスの試合とリサイクル",
    "ボケの花と写真のボケ", "カスタネットの演奏", "土方歳三の墓", "あくびをかみ殺す", "変態する昆虫", "おっぱい体操",
    "唖然とした", "葛餅とクズ湯餅",
    "外人墓地の清掃", "部落差別の解消に向けて",
    "めくらまし", "看護婦人会", "未亡人を描いた映画の上映", "絶対に安全とは言えません", "機密文書の回収",
    "割れ物は取扱注意です", "移住を検討中の方へ",
    "御検討ください", "再開時期は未定です", "雨天のときは日程調整中の掲示をします", "わいせつ事案の被害防止",
    "www.city.iwata.shizuoka.jp", "無断転載を禁止します", "死ねない",
    "保護者の皆さん", "秘密の花園（絵本）", "意見をお寄せください", "殺虫剤をまきます", "子ども・若者の自殺防止",
    "全国大会に出場します", "とても素晴らしいです。", "かわいらしいです。", "男性交流会と女性交流サロン", "応援交流会",
    "パパ活躍中", "ごみの夜中出しは禁止です", "ページがめくられています", "めくらないでください", "ボケの花が咲きました",
]


@pytest.mark.parametrize(("clause", "words"), [
    pytest.param(clause, words, marks=pytest.mark.clause(clause)) for clause, said in HOLDING.items() for words in said])
def test_words_are_pointed_out_under_their_clause(clause: str, words: str) -> None:
    assert clause in clauses(words)


@pytest.mark.parametrize("words", PEACEFUL)
def test_words_that_only_sound_so_are_left_in_peace(words: str) -> None:
    assert clauses(words) == set()


@pytest.mark.clause("§5(7)")
def test_where_citizens_are_asked_widely_the_basis_is_wanted() -> None:
    from koshiki.posts.checks import examine
    from tests.posts.checking import KNOWN

    asked, = (f for f in examine("計画の素案について、意見を募集します。", KNOWN) if f.clause == "§5(7)")
    told, = (f for f in examine("計画の素案です。", KNOWN) if f.clause == "§5(7)")
    assert "根拠が要ります" in asked.reason
    assert "根拠が要ります" not in told.reason
