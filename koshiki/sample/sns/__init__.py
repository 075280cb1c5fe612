"""見本SNS — a small service on this machine alone that speaks as much of the Mastodon API as koshiki uses.

It shows what it received, so that whoever tries koshiki sees the post appear. Nothing leaves the machine.
"""
