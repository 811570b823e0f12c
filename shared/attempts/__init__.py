"""How a released stage becomes an attempt: claimed, run in a warm child process, recorded.

One parent process claims, renews leases, watches memory and cancels; each slot is one warm child process that does the work. Used by the
services worker and quality, which differ only in the queues they consume and in the table of functions their children run.
"""
