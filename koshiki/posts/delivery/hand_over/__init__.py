"""手渡し — where koshiki can't publish, a person posts what was approved, and the outcome is never assumed.

offering.py it is due: whose it is, is told → taking.py one person takes it, and says what came of it →
watching.py reminders, and what nobody took or nobody came back from → mending.py an address that was
recorded wrongly → forms.py, showing.py, views.py the pages.
"""
