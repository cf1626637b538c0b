-- Takes tokens out of several buckets at once, or out of none of them.
--
-- A bucket is one number: the moment, in microseconds, at which it will be full again. Without a key
-- it is full now, so every key may expire at exactly that moment and nothing is ever left behind.
--
-- KEYS: the buckets. ARGV: the cost, then for each bucket its capacity in tokens and the
-- microseconds that one token takes to come back.
-- Moments are kept as whole microseconds; what that rounds away is forgiven.
-- Answers: granted (1 or 0), the 1-based bucket that is spoken of, its remaining tokens, the
-- microseconds until it is full, and those until the cost would be granted.

local ROUNDING = 1

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[1])
local stored = redis.call('MGET', unpack(KEYS))

local full_at, spoken_of, share, longest_wait = {}, 1, math.huge, 0
for i = 1, #KEYS do
  local capacity, per_token = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  full_at[i] = math.max(tonumber(stored[i] or now), now)
  local room = capacity * per_token - (full_at[i] - now)
  local wait = cost * per_token - room
  if wait > math.max(longest_wait, ROUNDING) then
    longest_wait, spoken_of = wait, i
  elseif longest_wait == 0 and room / (capacity * per_token) < share then
    share, spoken_of = room / (capacity * per_token), i
  end
end

local granted = longest_wait == 0
local answer
for i = 1, #KEYS do
  local capacity, per_token = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  if granted and cost > 0 then
    full_at[i] = full_at[i] + cost * per_token
    local lifetime = math.max(1, math.ceil((full_at[i] - now) / 1000))
    redis.call('SET', KEYS[i], string.format('%.0f', full_at[i]), 'PX', lifetime)
  end
  if i == spoken_of then
    local owed = full_at[i] - now
    local remaining = math.max(0, math.floor((capacity * per_token - owed + ROUNDING) / per_token))
    answer = { granted and 1 or 0, i, remaining, math.ceil(owed), math.ceil(longest_wait) }
  end
end
return answer
