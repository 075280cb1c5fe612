"""見本 — an invented city to try koshiki with, and a small service of its own (見本SNS) that it publishes to."""
