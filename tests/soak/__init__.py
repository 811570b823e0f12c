"""Many runs at once and for long: limits that hold at every moment, and memory that stays flat."""
