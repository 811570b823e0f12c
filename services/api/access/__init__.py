"""What stands around every call: who it comes from, what is kept of it, and what its answer says to browsers."""
