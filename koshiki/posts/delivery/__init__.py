"""A post's way to each account: once, or say so.

states.py what may become of a delivery → plan.py rows and their wake-up → claim.py who carries one →
check.py asked again at the moment of sending → send.py the calls → settle.py what came of them →
unknown.py look, never repeat → judge.py what a person decides → sweep.py nothing is forgotten.
"""
