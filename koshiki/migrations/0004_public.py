"""What of the public pages was written, and when."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('koshiki', '0003_posts'),
    ]

    operations = [
        migrations.CreateModel(
            name='PublicCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.BigIntegerField(default=0, verbose_name='見終えた記録の番号')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='内容の値')),
                ('release', models.PositiveIntegerField(default=0, verbose_name='版')),
                ('written_at', models.DateTimeField(blank=True, null=True, verbose_name='書き出した日時')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='書き出せなかった理由')),
            ],
            options={
                'verbose_name': '公開用の写し',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_public_copy')],
            },
        ),
    ]
