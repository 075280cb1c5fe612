"""Invented posts of a city with what is planted in them, for checks.py."""
