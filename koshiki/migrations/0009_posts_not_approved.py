"""Of all posts few are not approved yet: calendar, lists and home ask for those."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("koshiki", "0008_slots")]
    operations = [
        migrations.AlterField("post", "state", models.CharField(
            choices=[("draft", "下書き"), ("submitted", "承認待ち"), ("returned", "差戻し"), ("approved", "承認済み"),
                     ("withdrawn", "取下げ")], default="draft", max_length=20, verbose_name="状態")),
        migrations.AddIndex("post", models.Index(
            condition=models.Q(("state", "approved"), _negated=True), fields=["state"], name="posts_not_approved")),
    ]
