"""The SQL of the workers' side of tasks, on the bare driver with the system's login.

All times are the database's. A lease lasts `LEASE_SECONDS` from its last heartbeat.
"""

LEASE_SECONDS = 10
#: By how much the clocks of two machines may differ without delaying a job.
_CLOCK_SKEW = "interval '50 milliseconds'"
#: Counting ends here: nobody can tell more waiting tasks from many.
_COUNTED = 10_000

#: $1 queue, $2 owner, $3 how many tasks of one tenant an owner may have under way. Walks along
#: the index from tenant to tenant, so that a flood of one costs no more than a task of it.
CLAIM = f"""
WITH RECURSIVE waiting AS (
    (SELECT tenant_id FROM tasks
     WHERE queue = $1 AND status = 'pending' AND due_at <= now() + {_CLOCK_SKEW}
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT task.tenant_id FROM tasks AS task
            WHERE task.queue = $1 AND task.status = 'pending'
              AND task.due_at <= now() + {_CLOCK_SKEW} AND task.tenant_id > waiting.tenant_id
            ORDER BY task.tenant_id LIMIT 1)
    FROM waiting WHERE waiting.tenant_id IS NOT NULL
), turn AS (
    SELECT waiting.tenant_id, under_way.everywhere,
           (SELECT max(task.started_at) FROM tasks AS task
            WHERE task.queue = $1 AND task.tenant_id = waiting.tenant_id) AS served_at
    FROM waiting CROSS JOIN LATERAL (
        SELECT count(*) AS everywhere,
               count(*) FILTER (WHERE task.lease_owner = $2) AS here
        FROM tasks AS task
        WHERE task.queue = $1 AND task.tenant_id = waiting.tenant_id
          AND task.status = 'processing'
    ) AS under_way
    WHERE waiting.tenant_id IS NOT NULL AND under_way.here < $3
    ORDER BY under_way.everywhere, served_at NULLS FIRST, waiting.tenant_id
), next AS (
    SELECT oldest.id FROM turn CROSS JOIN LATERAL (
        SELECT task.id FROM tasks AS task
        WHERE task.queue = $1 AND task.tenant_id = turn.tenant_id AND task.status = 'pending'
          AND task.due_at <= now() + {_CLOCK_SKEW}
        ORDER BY task.due_at, task.id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS oldest
    LIMIT 1
)
UPDATE tasks AS task SET
    status = 'processing', token = task.token + 1, attempts = task.attempts + 1,
    lease_owner = $2, heartbeat_at = clock_timestamp(), started_at = clock_timestamp(),
    version = task.version + 1
FROM next WHERE task.id = next.id
RETURNING task.tenant_id, task.id, task.kind, task.arguments, task.attempts, task.token,
          task.soft_limit_ms, task.hard_limit_ms,
          clock_timestamp() - greatest(task.due_at, task.created_at) AS waited
"""  # noqa: S608 - its only insert is the constant above

IS_WAITING = f"""
SELECT EXISTS (SELECT FROM tasks
               WHERE queue = $1 AND status = 'pending' AND due_at <= now() + {_CLOCK_SKEW})
"""  # noqa: S608 - its only insert is the constant above

#: In the order of ids, so that two never wait for each other.
BEAT = """
WITH mine AS (
    SELECT task.id, held.progress, held.note FROM tasks AS task
    JOIN unnest($1::uuid[], $2::int[], $3::float8[], $4::text[]) AS held(id, token, progress, note)
      ON held.id = task.id AND held.token = task.token
    WHERE task.lease_owner = $5 AND task.status = 'processing'
    ORDER BY task.id FOR UPDATE OF task
)
UPDATE tasks AS task SET heartbeat_at = now(), progress = mine.progress, note = mine.note
FROM mine WHERE task.id = mine.id
RETURNING task.id, task.token, task.cancel_requested_at IS NOT NULL AS cancelled
"""

#: A server that has just started has heard of nobody yet.
LOST = f"""
SELECT tenant_id, id, token FROM tasks
WHERE status = 'processing' AND heartbeat_at < now() - interval '{LEASE_SECONDS} seconds'
  AND pg_postmaster_start_time() < now() - interval '{LEASE_SECONDS} seconds'
LIMIT $1
"""  # noqa: S608 - its only insert is the constant above

#: $3: how long something may be under way to its worker.
OVERDUE = """
SELECT tenant_id, id, token FROM tasks
WHERE queue = $1 AND status = 'pending' AND due_at <= now() - $3::interval
ORDER BY due_at LIMIT $2
"""

WAITING = f"""
SELECT count(*) FROM (
    SELECT FROM tasks WHERE queue = $1 AND status = 'pending' AND due_at <= now() LIMIT {_COUNTED}
) AS waiting
"""  # noqa: S608 - its only insert is the constant above
DEAD = f"""
SELECT count(*) FROM (
    SELECT FROM tasks WHERE queue = $1 AND dead_at IS NOT NULL LIMIT {_COUNTED}
) AS dead
"""  # noqa: S608 - its only insert is the constant above

#: Found and taken away in one: whoever was retried in between is no longer over.
#: $3: the kinds of which only those go that were done.
FORGET_OLD = """
DELETE FROM tasks WHERE id = ANY(ARRAY(
    SELECT id FROM tasks
    WHERE finished_at IS NOT NULL AND finished_at < $1
      AND (status = 'success' OR kind <> ALL($3::text[]))
    ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
))
RETURNING tenant_id, id, result_blob IS NOT NULL AS has_blob
"""
