"""X's adapter against the stand-in (`tests/networks/x_server.py`)."""
