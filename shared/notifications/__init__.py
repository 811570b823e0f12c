"""What is told, of what, and how it reads: events in, messages out. Pure; who sends and when is `services/scheduler/notify.py`."""
