"""The vote path's SQL, for asyncpg. A batch of ballots costs a fixed number of these statements.

Rows go in and out as arrays (`unnest`). The connection is told to use indexes only (`SESSION`): a plan that was
made while a table was small would otherwise read a large one from end to end until the next ANALYZE.
"""

SESSION = """
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan; SET jit = off; SET lock_timeout = '1s'
"""

# The clock is read outside of the sub-query, hence after each row is locked. Everybody locks in this order.
LOCK = """
WITH locked AS MATERIALIZED (
    SELECT poll_id, version, awaited, opens_at, ends_at, seq, ballots, abstentions, sums
    FROM counters WHERE poll_id = ANY($1::uuid[]) ORDER BY poll_id FOR NO KEY UPDATE
)
SELECT *, clock_timestamp() AS now FROM locked
"""

DEFINITIONS = "SELECT definition FROM polls WHERE poll_id = ANY($1::uuid[])"

TOKENS = """
SELECT c.poll_id, c.token_hash FROM unnest($1::uuid[], $2::bytea[]) AS t (poll_id, token_hash)
JOIN credentials c USING (poll_id, token_hash)
"""

COUNT = "UPDATE counters SET seq = seq + 1, ballots = $2, abstentions = $3, sums = $4 WHERE poll_id = $1"

COUNT_PATTERNS = """
INSERT INTO patterns AS p (poll_id, pattern_id, choice, count)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bigint[])
ON CONFLICT (poll_id, pattern_id) DO UPDATE SET count = p.count + excluded.count
"""

DROP_PATTERNS = """
DELETE FROM patterns p USING unnest($1::uuid[], $2::bytea[]) AS t (poll_id, pattern_id)
WHERE p.poll_id = t.poll_id AND p.pattern_id = t.pattern_id AND p.count = 0
"""

# --- ballots with a voter ---

CAST = """
INSERT INTO ballots (poll_id, voter_key, choice, receipt, caster, cast_at)
SELECT t.*, $6::timestamptz FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[]) AS t
ON CONFLICT (poll_id, voter_key) DO NOTHING RETURNING poll_id, voter_key
"""

CAST_BEFORE = """
SELECT b.poll_id, b.voter_key, b.choice, b.receipt, b.revision, b.caster
FROM unnest($1::uuid[], $2::bytea[]) AS t (poll_id, voter_key) JOIN ballots b USING (poll_id, voter_key)
"""

RECAST = """
INSERT INTO ballots AS b (poll_id, voter_key, choice, receipt, revision, caster, cast_at)
SELECT t.*, $7::timestamptz
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::int[], $6::bytea[]) AS t
ON CONFLICT (poll_id, voter_key) DO UPDATE SET choice = excluded.choice, receipt = excluded.receipt,
    revision = excluded.revision, caster = excluded.caster, cast_at = excluded.cast_at
"""

WITHDRAW = """
DELETE FROM ballots b USING unnest($1::uuid[], $2::bytea[]) AS t (poll_id, voter_key)
WHERE b.poll_id = t.poll_id AND b.voter_key = t.voter_key
"""

# --- anonymous ballots, of one poll ---

PARTICIPANTS = """
SELECT p.voter_key, p.caster FROM unnest($2::bytea[]) AS t (voter_key)
JOIN participations p ON p.poll_id = $1 AND p.voter_key = t.voter_key
"""

ANONYMOUS = """
SELECT a.ballot_id, a.choice, a.place FROM unnest($2::bytea[]) AS t (ballot_id)
JOIN anonymous_ballots a ON a.poll_id = $1 AND a.ballot_id = t.ballot_id
"""

# To take rows out and put them in again, in the order of their keys, is to forget when they came and where they
# stood. The sort stands between: all is taken out before the first is put in.

MOVE_PARTICIPANTS = """
WITH gone AS (
    DELETE FROM participations p USING unnest($2::bytea[], $3::bytea[]) AS range (low, high)
    WHERE p.poll_id = $1 AND p.voter_key >= range.low AND p.voter_key < range.high RETURNING p.voter_key, p.caster
)
INSERT INTO participations (poll_id, voter_key, caster)
SELECT $1, key, caster FROM (
    SELECT voter_key AS key, caster FROM gone WHERE voter_key <> ALL($6::bytea[])
    UNION ALL SELECT * FROM unnest($4::bytea[], $5::bytea[])
) AS found ORDER BY key
"""

MOVE_ANONYMOUS = """
WITH gone AS (
    DELETE FROM anonymous_ballots a USING unnest($2::bytea[], $3::bytea[]) AS range (low, high)
    WHERE a.poll_id = $1 AND coalesce(a.place, a.ballot_id) >= range.low AND coalesce(a.place, a.ballot_id) < range.high
    RETURNING a.ballot_id, a.choice, a.place
), put AS (
    INSERT INTO anonymous_ballots (poll_id, ballot_id, choice, place)
    SELECT $1, id, choice, place FROM (
        SELECT ballot_id AS id, choice, place FROM gone WHERE ballot_id <> ALL($7::bytea[])
        UNION ALL SELECT * FROM unnest($4::bytea[], $5::bytea[], $6::bytea[])
    ) AS found ORDER BY coalesce(place, id) RETURNING choice
)
SELECT DISTINCT choice FROM put
"""

MOVE_PATTERNS = """
WITH gone AS (
    DELETE FROM patterns p USING unnest($2::bytea[]) AS t (id)
    WHERE p.poll_id = $1 AND p.pattern_id = t.id RETURNING p.pattern_id, p.choice, p.count
)
INSERT INTO patterns (poll_id, pattern_id, choice, count)
SELECT $1, id, choice, sum(count) FROM (
    SELECT pattern_id AS id, choice, count FROM gone
    UNION ALL SELECT * FROM unnest($3::bytea[], $4::bytea[], $5::bigint[])
) AS found (id, choice, count) GROUP BY id, choice HAVING sum(count) <> 0 ORDER BY id
"""

# --- sealing ---

UNSEALED = """
SELECT c.poll_id FROM counters c JOIN polls p USING (poll_id)
WHERE p.anonymous AND c.ends_at <= clock_timestamp() AND c.sealed_at IS NULL ORDER BY c.poll_id
"""

ENDED = """
WITH locked AS MATERIALIZED (SELECT * FROM counters WHERE poll_id = $1 FOR NO KEY UPDATE)
SELECT ballots, abstentions, sums FROM locked WHERE ends_at <= clock_timestamp()
"""

SEALED = "UPDATE counters SET sealed_at = clock_timestamp() WHERE poll_id = $1"

# --- reading ---

# Rules in memory may not say yet that a poll was deleted; the table does.
_KEPT = " AND NOT EXISTS (SELECT FROM polls WHERE poll_id = $1 AND deleted)"

MINE = (
    "SELECT choice, receipt, revision, cast_at FROM ballots "  # noqa: S608  (constants)
    "WHERE poll_id = $1 AND voter_key = $2 AND caster IS NOT DISTINCT FROM $3" + _KEPT
)

MINE_ANONYMOUS = "SELECT choice FROM anonymous_ballots WHERE poll_id = $1 AND ballot_id = $2" + _KEPT  # noqa: S608  (constants)

TOOK_PART = (
    "SELECT 1 FROM participations "  # noqa: S608  (constants)
    "WHERE poll_id = $1 AND voter_key = $2 AND caster IS NOT DISTINCT FROM $3" + _KEPT
)
