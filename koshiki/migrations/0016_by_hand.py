"""A delivery says whether a person posts it: since a service may have an adapter, that no longer follows from the service."""

from django.db import migrations, models

SERVED_BY_HAND = """
UPDATE koshiki_delivery SET by_hand = true FROM koshiki_account a
WHERE a.id = account_id AND a.service IN ('facebook', 'x', 'instagram', 'youtube', 'line', 'bluesky', 'blog');
"""


class Migration(migrations.Migration):

    dependencies = [
        ("koshiki", "0015_slots_by_themselves"),
    ]

    operations = [
        migrations.AddField("delivery", "by_hand", models.BooleanField(
            default=False, help_text="職員が投稿すると承認されたもの", verbose_name="手渡し")),
        migrations.AlterField("delivery", "segment", models.PositiveSmallIntegerField(
            default=0, help_text="続きの投稿では、いくつ目か（0から）", verbose_name="番目")),
        migrations.RunSQL(SERVED_BY_HAND, migrations.RunSQL.noop),
    ]
