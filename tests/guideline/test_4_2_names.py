"""§4(2): names of people are pointed out where the words around them tell so; places, offices and history are not people."""

from __future__ import annotations

import pytest

from tests.posts.checking import seen

pytestmark = pytest.mark.clause("§4(2)")


@pytest.mark.parametrize(("words", "name"), [
    ("鈴木さんが優勝しました。", "鈴木"), ("田中さんまで御連絡ください", "田中"),
    ("市内の髙橋花子様から", "髙橋花子"), ("小栗旬太郎さんの作品", "小栗旬太郎"),
    ("渡邉 健氏が来庁", "渡邉 健"), ("森さんの畑", "森"),
    ("佐藤はなこさん", "佐藤はなこ"), ("講師：垣内由美", "垣内由美"), ("最優秀賞　山田 太郎", "山田 太郎"), ("氏名 中村健",
    "中村健"), ("本日、田中健太が表彰されました。", "田中健太"),
("村松 大輔（見付）による講演", "村松 大輔"),
])
def test_names_of_people(words: str, name: str) -> None:
    assert ("人の名前", name) in seen(words)


@pytest.mark.parametrize("words", [
    "市民の皆さん", "消防団員さんの訓練", "お客様と保護者様へ", "空模様により中止", "お地蔵さんの祭り", "東京は晴天です。",
    "石川県と山口市、福島の皆さん", "中村公園と田中橋", "清水銀行と小川診療所",
    "担当：防災課", "講師：医師", "代表者：未定", "草地市長さんの挨拶", "徳川氏の城", "作：市民", "御苦労様でした",
    "高橋通り", "利用者さん", "山本小学校と大橋中学校", "みなさん", "源氏物語",
    "申込書様式はこちら", "応募様式", "今回様々な催しを", "毎日ちゃんと洗う", "親子さんぽ", "冷凍さんまの配布", "妊婦さん",
    "学生さん", "園児さん", "大家さん", "各世帯様", "観音様", "織姫様", "担当：総務", "撮影者：広報", "出演：磐田太鼓",
    "代表者 変更", "被害者 増加", "講師 派遣", "氏名 生年月日", "担当 直通",
    "磐田駅", "竹内線の工事", "林道の通行止め", "森林公園", "東西南北", "彼氏", "同様に", "渡辺町自治会",
])
def test_what_only_looks_like_a_name_is_left_in_peace(words: str) -> None:
    assert "人の名前" not in {check for check, _ in seen(words)}
