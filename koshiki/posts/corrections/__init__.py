"""訂正 — what was wrong is put right at once, and both stay to be seen (§8(3)).

ways.py what is out, and how each service lets it be put right → starting.py the one act that begins it → clock.py how
long it takes → forms.py, showing.py, views.py the pages. From there on it is a post as any other: written, approved
by another person, and delivered by rows, of which some edit or delete.
"""
