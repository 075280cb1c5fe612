"""Meta's Graph API: its stand-in on loopback, and the tests of Facebook and Instagram."""
