-- What wrk sends: one vote a request, each with the next voter's access token.
--
-- Arguments: FILE (a token a line), FIRST (tokens to skip), SECONDS, OPTIONS (1 to 9), METHOD.
-- After SECONDS nothing new is sent, and what is under way is still answered: so every request sent has its
-- answer counted, and the server's store can be compared with the count exactly. When the tokens run out it
-- begins again with the first, and each voter then picks another option than before.
-- One thread only: tokens are counted per Lua state, and wrk has one a thread.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } votewave_time;
  int clock_gettime(int clock, votewave_time *now);
]]
local MONOTONIC = ffi.os == "OSX" and 6 or 1
local moment = ffi.new("votewave_time")

local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local heads, bodies = {}, {}
local first, seconds, checked, deadline

sent, answered, inside, created, changed, refused = 0, 0, 0, 0, 0, 0
started, last, other_status, other_body = 0, 0, 0, ""

function setup(thread)
  worker = thread
end

function init(args)
  first, seconds = tonumber(args[2]), tonumber(args[3])
  for option = 1, tonumber(args[4]) do
    bodies[option] = string.format('{"picks":[%d]}', option)
  end
  for token in io.lines(args[1]) do
    heads[#heads + 1] = string.format(
      "%s %s HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        .. "Authorization: Bearer %s\r\n\r\n",
      args[5], wrk.path, wrk.host, wrk.port, #bodies[1], token)
  end
end

local function vote(number)
  local voter, pass = number % #heads, math.floor(number / #heads)
  return heads[voter + 1] .. bodies[(voter + pass) % #bodies + 1]
end

function request()
  if not checked then -- wrk looks at one request before it begins
    checked = true
    return vote(first)
  end
  if sent == 0 then
    started = now()
    deadline = started + seconds
  end
  sent = sent + 1
  return vote(first + sent - 1)
end

function delay()
  if deadline and now() >= deadline then
    return 3600000
  end
  return 0
end

function response(status, headers, body)
  last = now()
  answered = answered + 1
  if status == 201 then
    created = created + 1
  elseif status == 200 then
    changed = changed + 1
  else
    refused = refused + 1
    other_status, other_body = status, body
    return
  end
  if last <= deadline then
    inside = inside + 1
  end
end

function done(summary, latency, requests)
  local function number(name)
    return worker:get(name) or 0
  end
  local function whole(name)
    return string.format('"%s":%d', name, number(name))
  end
  local parts = {
    whole("sent"), whole("answered"), whole("inside"), whole("created"), whole("changed"), whole("refused"),
    whole("other_status"),
    string.format('"p50_us":%d,"p95_us":%d,"p99_us":%d,"max_us":%d',
      latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max),
    string.format('"socket_errors":%d',
      summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout),
  }
  io.write("RESULT {" .. table.concat(parts, ",") .. "}\n")
  if number("refused") > 0 then
    io.write("REFUSED " .. string.sub(tostring(worker:get("other_body")), 1, 500) .. "\n")
  end
end
