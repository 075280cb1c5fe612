"""記録 — the pages of the chained log."""
