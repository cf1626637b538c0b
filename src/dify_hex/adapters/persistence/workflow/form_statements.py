"""The SQL of forms and timers, on the bare driver.

Whoever changes a form locks its run first, as the end of a run does, so that they never deadlock.
"""

from dify_hex.adapters.persistence.workflow.statements import due_when

#: It waits for whoever answers, and for nobody else.
_WAITS = "run.status = 'paused' AND run.desired_state = 'run'"

OPEN = """
INSERT INTO workflow_forms (
    id, tenant_id, run_id, frame, node_id, content, inputs, actions, status, created_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)
ON CONFLICT (id) DO NOTHING
"""

_COLUMNS = """id, run_id, frame, node_id, content, inputs, actions, status, created_at, due_at,
       answer, answered_at"""

READ = f"""
SELECT {_COLUMNS} FROM workflow_forms WHERE tenant_id = $1 AND id = $2
"""  # noqa: S608 - its only insert is the constant above

OF_RUN = f"""
SELECT {_COLUMNS} FROM workflow_forms WHERE tenant_id = $1 AND run_id = $2
ORDER BY created_at, id
"""  # noqa: S608 - its only insert is the constant above

SETTLED = f"""
SELECT {_COLUMNS} FROM workflow_forms
WHERE tenant_id = $1 AND run_id = $2 AND status IN ('answered', 'expired')
ORDER BY answered_at, id
"""  # noqa: S608 - its only insert is the constant above

LOCK_RUN = """
SELECT run.status, run.desired_state FROM workflow_runs AS run
WHERE run.run_id = (SELECT run_id FROM workflow_forms WHERE tenant_id = $1 AND id = $2)
FOR UPDATE OF run
"""

#: The first answer wins; what comes later changes nothing.
ANSWER = """
UPDATE workflow_forms SET status = 'answered', answer = $3, answered_at = now(), answered_by = $4
WHERE tenant_id = $1 AND id = $2 AND status = 'open' AND due_at > now()
RETURNING run_id
"""

#: Alone in its transaction, so that it may lock a form without its run.
COUNT_UPLOAD = """
UPDATE workflow_forms SET uploads = uploads + 1
WHERE tenant_id = $1 AND id = $2 AND status = 'open' AND uploads < $3
RETURNING id
"""

#: Files that the answer names outlive their form.
KEEP_FILES = """
UPDATE files SET expires_at = $4, updated_at = now(), version = version + 1
WHERE tenant_id = $1 AND form_id = $2 AND id = ANY($3::uuid[]) AND status = 'available'
"""

#: What a run's owner has to hear of; a run that waits for nothing else goes on by itself.
TELL_RUN = f"""
UPDATE workflow_runs AS run SET inbox = run.inbox + 1, {due_when(_WAITS)}
WHERE run.run_id = $1
RETURNING run.lease_owner IS NULL
"""  # noqa: S608 - its only inserts are constants

#: Forms whose time is up, of all tenants, with what that means for their runs.
EXPIRE_FORMS = f"""
WITH late AS (
    SELECT id, run_id FROM workflow_forms WHERE status = 'open' AND due_at <= now()
    ORDER BY due_at LIMIT $1
), locked AS MATERIALIZED (
    SELECT run_id FROM workflow_runs WHERE run_id IN (SELECT run_id FROM late)
    ORDER BY run_id FOR UPDATE SKIP LOCKED
), expired AS (
    UPDATE workflow_forms AS form SET status = 'expired', answered_at = now()
    FROM late, locked
    WHERE form.id = late.id AND form.run_id = locked.run_id AND form.status = 'open'
    RETURNING form.run_id
)
UPDATE workflow_runs AS run SET inbox = run.inbox + 1, {due_when(_WAITS)}
FROM (SELECT DISTINCT run_id FROM expired) AS told
WHERE run.run_id = told.run_id AND run.status IN ('pending', 'running', 'paused')
RETURNING run.run_id, run.lease_owner IS NULL AS is_due
"""  # noqa: S608 - its only inserts are constants

#: Paused runs that nobody came back to: whoever claims one finds that it shall expire.
EXPIRE_RUNS = f"""
WITH late AS (
    SELECT run_id FROM workflow_runs WHERE status = 'paused' AND due_at <= now()
    ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE workflow_runs AS run SET desired_state = 'expire', {due_when("true")}
FROM late WHERE run.run_id = late.run_id
RETURNING run.run_id
"""  # noqa: S608 - its only insert is a constant
