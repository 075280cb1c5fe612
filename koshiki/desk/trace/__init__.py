"""対照 — each clause of the guideline with the rules that carry it and the tests that show it."""
