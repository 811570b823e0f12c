"""What Penstock adds, measured against the bare thing on the same machine in the same minutes.

One JSON line per benchmark; BENCH=W1 selects.
"""
