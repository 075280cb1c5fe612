"""取込みと書出し — divisions, people and postings as CSV, in and out again (K-organization)."""
