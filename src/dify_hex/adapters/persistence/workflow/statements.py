"""The SQL of the lean path: journal, leases and control, on the bare driver.

A lease lasts `LEASE_SECONDS` by the database's clock; no process compares its own with it.
"""

LEASE_SECONDS = 6

_LEASE_END = f"now() + interval '{LEASE_SECONDS} seconds'"


def due_when(condition: str) -> str:
    """Assignments that make the row `run` due for whoever claims it, where the condition holds.

    Whoever read a run before its pause need not be there any more, so from then on it asks for
    readers no longer.
    """
    return f"""
    status = CASE WHEN {condition} THEN 'running' ELSE run.status END,
    background = run.background OR ({condition}),
    due_at = CASE WHEN {condition} THEN NULL ELSE run.due_at END,
    lease_owner = CASE WHEN {condition} THEN NULL ELSE run.lease_owner END,
    lease_expires_at = CASE WHEN {condition} THEN '-infinity' ELSE run.lease_expires_at END"""


#: $1 run ids; then one array per column. Locks the lease rows in run_id order, and inserts only
#: what still carries the run's present token.
APPEND = """
WITH leased AS (
    SELECT run_id, tenant_id, lease_token FROM workflow_runs
    WHERE run_id = ANY($1::uuid[]) ORDER BY run_id FOR SHARE
), new AS (
    SELECT * FROM unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::jsonb[],
                         $7::timestamptz[])
        AS new(run_id, seq, token, type, payload, at)
)
INSERT INTO workflow_run_events (run_id, seq, tenant_id, lease_token, type, payload, at)
SELECT new.run_id, new.seq, leased.tenant_id, new.token, new.type, new.payload, new.at
FROM new JOIN leased ON leased.run_id = new.run_id AND leased.lease_token = new.token
ON CONFLICT DO NOTHING
RETURNING run_id, seq
"""

#: Which of the rows are there already, with the token that wants to write them.
ALREADY_THERE = """
SELECT events.run_id, events.seq
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS wanted(run_id, seq, token)
JOIN workflow_run_events AS events
  ON events.run_id = wanted.run_id AND events.seq = wanted.seq
 AND events.lease_token = wanted.token
"""

#: The runs' own rows, at their end or at a pause.
END_RUNS = """
UPDATE workflow_runs AS run SET
    status = ended.status, error_code = ended.error_code, error_message = ended.error_message,
    outputs = ended.outputs, prompt_tokens = ended.prompt_tokens,
    completion_tokens = ended.completion_tokens, steps = ended.steps,
    finished_at = CASE WHEN ended.status = 'paused' THEN NULL ELSE ended.at END,
    error_details = ended.error_details,
    due_at = ended.due_at, owners = 0, lease_owner = NULL, lease_expires_at = '-infinity'
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::int[], $7::int[],
            $8::int[], $9::timestamptz[], $10::timestamptz[], $11::jsonb[])
    AS ended(run_id, status, error_code, error_message, outputs, prompt_tokens,
             completion_tokens, steps, at, due_at, error_details)
WHERE run.run_id = ended.run_id
"""

#: A pause that was overtaken by a stop, a resume or an answer is over before it began. $2: whether
#: the pause was asked for; $3: the forms that are waited for.
GO_ON = f"""
UPDATE workflow_runs AS run SET {due_when("true")}
FROM unnest($1::uuid[], $2::boolean[]) AS paused(run_id, requested)
WHERE run.run_id = paused.run_id AND run.status = 'paused'
  AND (run.desired_state = 'stop'
       OR run.desired_state = 'run'
          AND (paused.requested
               OR EXISTS (SELECT FROM workflow_forms AS form
                          WHERE form.id = ANY($3::uuid[]) AND form.run_id = run.run_id
                            AND form.tenant_id = run.tenant_id AND form.status <> 'open')))
"""  # noqa: S608 - its only insert is the constant above

CLOSE_FORMS = """
UPDATE workflow_forms AS form SET status = 'closed'
FROM unnest($1::uuid[], $2::uuid[]) AS ended(tenant_id, run_id)
WHERE form.tenant_id = ended.tenant_id AND form.run_id = ended.run_id AND form.status = 'open'
"""

KEEP_VARIABLES = """
UPDATE conversations AS conversation SET variables = conversation.variables || assigned.variables
FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[]) AS assigned(tenant_id, id, variables)
WHERE conversation.tenant_id = assigned.tenant_id AND conversation.id = assigned.id
"""

#: What the end user sees of a run is written from its events, in the same transaction.
END_MESSAGES = """
UPDATE messages AS message SET
    status = ended.status, answer = ended.answer, error_code = ended.error_code,
    error_message = ended.error_message, prompt_tokens = ended.prompt_tokens,
    completion_tokens = ended.completion_tokens, first_token_ms = ended.first_token_ms,
    citations = coalesce(ended.citations, '[]'),
    finished_at = CASE WHEN ended.status = 'paused' THEN NULL ELSE ended.at END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[],
            $8::int[], $9::timestamptz[], $10::jsonb[])
    AS ended(id, status, answer, error_code, error_message, prompt_tokens, completion_tokens,
             first_token_ms, at, citations)
WHERE message.id = ended.id
"""

TELL_OUTBOX = """
INSERT INTO outbox_events (id, tenant_id, name, payload, occurred_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::timestamptz[])
"""

READ_ROWS = """
SELECT seq, lease_token, type, payload, at FROM workflow_run_events
WHERE run_id = $1 AND tenant_id = $2 AND seq > $3 ORDER BY seq LIMIT $4
"""

READ_HEADS = """
SELECT run.run_id, run.status,
       (SELECT max(seq) FROM workflow_run_events AS events WHERE events.run_id = run.run_id) AS seq
FROM workflow_runs AS run WHERE run.run_id = ANY($1::uuid[])
"""

#: In run_id order, like the journal, so that the two never deadlock.
RENEW = f"""
WITH mine AS (
    SELECT run.run_id FROM workflow_runs AS run
    JOIN unnest($1::uuid[], $2::int[]) AS held(run_id, token)
      ON held.run_id = run.run_id AND held.token = run.lease_token
    WHERE run.lease_owner = $3
    ORDER BY run.run_id FOR UPDATE OF run
)
UPDATE workflow_runs AS run SET lease_expires_at = {_LEASE_END}
FROM mine WHERE run.run_id = mine.run_id
RETURNING run.run_id, run.desired_state, run.inbox
"""  # noqa: S608 - its only insert is the constant above

#: $3: whether runs may be taken from an owner, which is not so just after the database was away:
#: then every lease looks expired though its owner lives. The server's own start counts as well.
CLAIM = f"""
WITH due AS (
    SELECT run_id FROM workflow_runs
    WHERE status IN ('pending', 'running') AND lease_expires_at < now()
      AND (lease_owner IS NULL
           OR ($3 AND pg_postmaster_start_time() < now() - interval '{LEASE_SECONDS} seconds'))
    ORDER BY lease_expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE workflow_runs AS run SET
    lease_token = run.lease_token + 1, lease_owner = $1, lease_expires_at = {_LEASE_END},
    owners = run.owners + 1, status = 'running'
FROM due WHERE run.run_id = due.run_id
RETURNING run.run_id, run.tenant_id, run.lease_token, run.owners
"""  # noqa: S608 - its only insert is the constant above

#: Whoever read a run before its pause need not be there any more, so it asks for readers no longer.
TAKE_PAUSED = f"""
UPDATE workflow_runs SET
    lease_token = lease_token + 1, lease_owner = $2, lease_expires_at = {_LEASE_END},
    owners = owners + 1, due_at = NULL, status = 'running', background = true
WHERE run_id = $1 AND status = 'paused'
RETURNING lease_token
"""  # noqa: S608 - its only insert is the constant above

#: Nobody's at once: the owner is gone, so the next claim need not wait for the lease to end.
RELEASE = """
UPDATE workflow_runs AS run SET owners = 0, lease_owner = NULL, lease_expires_at = '-infinity'
FROM unnest($1::uuid[], $2::int[]) AS held(run_id, token)
WHERE run.run_id = held.run_id AND run.lease_token = held.token
  AND run.status IN ('pending', 'running')
"""

#: A run that has paused already, and then is asked to, expires like any that was.
DESIRE = """
UPDATE workflow_runs AS run SET
    desired_state = CASE WHEN status IN ('pending', 'running', 'paused')
                         THEN $2 ELSE desired_state END,
    due_at = CASE WHEN status = 'paused' AND $2 = 'pause'
                  THEN coalesce(due_at, now() + make_interval(secs => $3)) ELSE due_at END
WHERE run_id = $1 RETURNING status
"""

#: Returns where the run stood before.
RESUME = f"""
WITH before AS (SELECT run_id, status FROM workflow_runs WHERE run_id = $1 FOR UPDATE)
UPDATE workflow_runs AS run SET
    desired_state = CASE WHEN run.status IN ('pending', 'running', 'paused')
                         THEN 'run' ELSE run.desired_state END,
    {due_when("run.status = 'paused'")}
FROM before WHERE run.run_id = before.run_id
RETURNING before.status
"""  # noqa: S608 - its only insert is the constant above

READ_STORED = """
SELECT run.background, run.resume_window_ms, run.desired_state, run.inbox, run.owners,
       graph.document
FROM workflow_runs AS run
JOIN graph_documents AS graph ON graph.tenant_id = run.tenant_id AND graph.hash = run.graph_hash
WHERE run.run_id = $1
"""
