"""Which walls suffice."""

from dify_hex.adapters.sandbox.service.standing import Standing


def test_the_minimum_suffices() -> None:
    assert not Standing(up=("seccomp", "landlock", "rlimits")).lacking


def test_a_filter_of_calls_keeps_from_the_network_too() -> None:
    assert Standing(up=("network namespace", "landlock", "rlimits")).lacking == ["seccomp"]
    assert Standing(up=("landlock", "rlimits")).lacking == ["seccomp", "network"]


def test_the_operator_may_name_what_is_done_without() -> None:
    standing = Standing(up=("seccomp", "rlimits"), down={"landlock": "old"}, accepted=("landlock",))

    assert standing.as_json() == {
        "up": ["seccomp", "rlimits"],
        "down": {"landlock": "old"},
        "lacking": [],
    }
