"""Logging in to the web app at an OpenID provider: what is agreed with it, what is asked of it, and what its answer is worth here."""
