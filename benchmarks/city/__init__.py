"""A large city for measurements: its people, its accounts, its posts of some months, and the log of it all."""
