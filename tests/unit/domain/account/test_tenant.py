"""A tenant's name, status and limits."""

import pytest

from dify_hex.domain.account.errors import InvalidName, TenantFull, TenantSuspended
from dify_hex.domain.account.events import TenantCreated, TenantRenamed, TenantStatusChanged
from dify_hex.domain.account.tenant import TenantLimits, TenantStatus
from tests.builders.account import LATER, NOW, TENANT, a_tenant


def test_a_new_tenant_is_active_and_says_that_it_was_created() -> None:
    tenant = a_tenant()

    tenant.require_active()
    assert tenant.status is TenantStatus.ACTIVE
    assert tenant.slug == "analytical-engines-00000001"
    assert tenant.limits == TenantLimits()
    assert tenant.created_at == tenant.updated_at == NOW
    assert tenant.pull_events() == (
        TenantCreated(tenant_id=TENANT, occurred_at=NOW, tenant_name="Analytical Engines"),
    )


def test_renaming_keeps_the_slug() -> None:
    tenant = a_tenant()
    tenant.pull_events()

    tenant.rename("  Difference Engines ", now=LATER)

    assert (tenant.id, tenant.name) == (TENANT, "Difference Engines")
    assert tenant.slug == "analytical-engines-00000001"
    (renamed,) = tenant.pull_events()
    assert isinstance(renamed, TenantRenamed)
    assert (renamed.old_name, renamed.new_name) == ("Analytical Engines", "Difference Engines")


def test_renaming_to_the_same_name_changes_nothing() -> None:
    tenant = a_tenant()
    tenant.pull_events()

    tenant.rename("Analytical Engines", now=LATER)

    assert tenant.updated_at == NOW
    assert tenant.pull_events() == ()


def test_a_name_that_cannot_be_shown_is_refused() -> None:
    with pytest.raises(InvalidName):
        a_tenant().rename("a\nb", now=LATER)


def test_a_suspended_tenant_lets_nobody_in_until_it_is_reinstated() -> None:
    tenant = a_tenant()

    tenant.set_status(TenantStatus.SUSPENDED, now=LATER)
    with pytest.raises(TenantSuspended):
        tenant.require_active()

    tenant.set_status(TenantStatus.ACTIVE, now=LATER)
    tenant.require_active()
    changes = [e.status for e in tenant.pull_events() if isinstance(e, TenantStatusChanged)]
    assert changes == ["suspended", "active"]


def test_the_present_status_again_changes_nothing() -> None:
    tenant = a_tenant()
    tenant.pull_events()

    tenant.set_status(TenantStatus.ACTIVE, now=LATER)

    assert tenant.pull_events() == ()


def test_limits_admit_up_to_their_number() -> None:
    limits = TenantLimits(members=2, api_keys=1)

    limits.admit_member(1)
    limits.admit_api_key(0)
    with pytest.raises(TenantFull) as members:
        limits.admit_member(2)
    with pytest.raises(TenantFull) as keys:
        limits.admit_api_key(1)
    assert members.value.details == {"what": "members", "limit": 2}
    assert keys.value.details == {"what": "api_keys", "limit": 1}
