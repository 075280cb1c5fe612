"""The same screen sent twice makes one post."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("koshiki", "0006_opening_never_changes")]
    operations = [
        migrations.AddField(
            model_name="post",
            name="key",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, unique=True, verbose_name="起案の鍵",
                help_text="同じ画面から二度起案しても、投稿は一つ",
            ),
        ),
    ]
