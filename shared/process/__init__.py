"""What every long-running process does: settings from the environment, logs, Sentry, shutdown."""

from shared.process.start import Stop, prepare

__all__ = ["Stop", "prepare"]
