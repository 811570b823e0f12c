"""What comes in by webhooks: who sent it, whether it was sent before, what it says, and the run that it starts."""
