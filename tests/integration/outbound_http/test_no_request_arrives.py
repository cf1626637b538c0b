"""In a network in which every address answers, nothing is heard but at the public one."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: Needs no rights: whoever makes a user namespace is root in it.
NAMESPACE = ["unshare", "--user", "--map-root-user", "--net"]
PUBLIC = "93.184.216.34 80"


def test_no_request_arrives_inside() -> None:
    program = [sys.executable, "-m", "tests.integration.outbound_http.canaries"]

    run = subprocess.run(
        [*NAMESPACE, *program], check=False, cwd=ROOT, capture_output=True, timeout=120
    )

    assert run.returncode == 0, run.stderr.decode()
    found = json.loads(run.stdout)
    assert found["guarded"]["heard"] == [PUBLIC]
    assert found["guarded"]["asked"] >= 300
    # Some name no server at all, and so lead back to the one that redirects.
    assert found["guarded"]["refused"] >= found["guarded"]["asked"] - 10
    # The canaries do sing: an ordinary client is led to all of these.
    inside = {"127.0.0.1 80", "10.0.0.1 80", "169.254.169.254 80", "::1 80", "fd00:ec2::254 80"}
    assert inside <= set(found["careless"]["heard"])
