"""Films in posts: how long each is, and the picture that stands for it before it is played."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('koshiki', '0012_closing'),
    ]

    operations = [
        migrations.AddField(
            model_name='medium',
            name='milliseconds',
            field=models.PositiveIntegerField(default=0, verbose_name='長さ（ミリ秒）'),
        ),
        migrations.AddField(
            model_name='medium',
            name='poster',
            field=models.CharField(blank=True, max_length=64, verbose_name='動画の一こまの内容の値'),
        ),
        migrations.AddField(
            model_name='rendition',
            name='milliseconds',
            field=models.PositiveIntegerField(default=0, verbose_name='長さ（ミリ秒）'),
        ),
        migrations.AddField(
            model_name='rendition',
            name='poster',
            field=models.CharField(blank=True, max_length=64, verbose_name='動画の一こまの内容の値'),
        ),
    ]
