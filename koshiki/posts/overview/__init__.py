"""予定表と一覧 — all posts a person may see: by month, by week, by account, as a list, as a table to take along."""
