"""YouTube's adapter against the stand-in (`tests/networks/youtube_server.py`)."""
