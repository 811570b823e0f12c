"""What Redis does as one step, by its own clock: whoever's clock jumps changes nothing. Redis 6.2 and later.

Each answers in texts and whole numbers. KEYS are always those of `KEYS`, in that order.
"""

from __future__ import annotations

KEYS = ("state", "fail_counter", "opened_at", "probe", "calls", "story")

# Scripts that ask for the time may write only after this (a matter of course from Redis 7 on).
_HEAD = """
redis.replicate_commands()
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('GET', KEYS[1]) or 'closed'
local function becomes(to)
  redis.call('SET', KEYS[1], to)
  redis.call('HSET', KEYS[6], 'changed_at', now)
  redis.call('HINCRBY', KEYS[6], to, 1)
end
"""

# ARGV: holder, failures, cool-down ms, patience ms. Answers {verdict, wait ms, state before}; verdict: go, probe, open, probing, busy.
ADMIT = (
    _HEAD
    + """
local before = state
if state == 'open' then
  local left = (redis.call('GET', KEYS[3]) or 0) + ARGV[3] - now
  if left > 0 then return {'open', left, before} end
  becomes('half-open')
  redis.call('DEL', KEYS[4])
  state = 'half-open'
end
if state == 'half-open' then
  if redis.call('SET', KEYS[4], ARGV[1], 'NX', 'PX', ARGV[4]) then return {'probe', 0, before} end
  return {'probing', redis.call('PTTL', KEYS[4]), before}
end
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
-- One may always try: whoever counted the last failure may have died before he opened it, and the limit may be lower than it was.
local room = math.max(1, ARGV[2] - (redis.call('GET', KEYS[2]) or 0))
if redis.call('ZCARD', KEYS[5]) >= room then
  local first = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
  return {'busy', (first[2] or now + 1000) - now, before}
end
redis.call('ZADD', KEYS[5], now + ARGV[4], ARGV[1])
redis.call('PEXPIRE', KEYS[5], ARGV[4])
return {'go', 0, before}
"""
)

# The far side has answered. While there were failures it is waited for a little whether it goes on well. ARGV: holder, settle ms.
ANSWERED = (
    _HEAD
    + """
if tonumber(redis.call('GET', KEYS[2]) or 0) == 0 then
  redis.call('ZREM', KEYS[5], ARGV[1])
else
  redis.call('ZADD', KEYS[5], 'XX', now + ARGV[2], ARGV[1])
end
if redis.call('GET', KEYS[4]) == ARGV[1] then redis.call('PEXPIRE', KEYS[4], ARGV[2] * 2) end
return {}
"""
)

# Not of any use any more to whoever was let through. ARGV: holder.
LEFT = """
redis.call('ZREM', KEYS[5], ARGV[1])
if redis.call('GET', KEYS[4]) == ARGV[1] then redis.call('DEL', KEYS[4]) end
return {}
"""

# A success while it is closed: the failures before it are not in a row any more. Answers {state}. ARGV: holder.
WELL = """
local state = redis.call('GET', KEYS[1]) or 'closed'
if state == 'closed' then
  redis.call('ZREM', KEYS[5], ARGV[1])
  if redis.call('GET', KEYS[2]) then redis.call('DEL', KEYS[2]) end
end
return {state}
"""

# One step of the state, by whoever is first. ARGV: to. Answers {before, 1 where it was this call's doing}.
MOVE = (
    _HEAD
    + """
if state == ARGV[1] then return {state, 0} end
becomes(ARGV[1])
redis.call('DEL', KEYS[4], KEYS[5])
if ARGV[1] == 'open' then redis.call('SET', KEYS[3], now) end
if ARGV[1] == 'closed' then redis.call('DEL', KEYS[2], KEYS[3]) end
return {state, 1}
"""
)

# Milliseconds since it was opened; -1: it never was.
SINCE = (
    _HEAD
    + """
local at = redis.call('GET', KEYS[3])
return {at and now - at or -1}
"""
)
