"""One table turns a category into a status; everything else about an answer follows from it."""

import pytest

from dify_hex.domain.shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    InvalidInput,
    LimitReached,
    NotFound,
    StaleVersion,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from dify_hex.entrypoints.http.errors import error_response, errors, status_of
from dify_hex.entrypoints.http.problems import MethodNotAllowed, RateLimited


class FileTooLarge(LimitReached):
    """The file is too large."""

    code = "file_too_large"


class MediaTypeUnsupported(Unsupported):
    """Files of this type are not taken."""

    code = "file_media_type_unsupported"


class LampTaken(Conflict):
    """The lamp is taken."""

    code = "lamp_taken"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (NotFound, 404),
        (Gone, 410),
        (Conflict, 409),
        (StaleVersion, 409),
        (Forbidden, 403),
        (Unauthenticated, 401),
        (InvalidInput, 422),
        (LimitReached, 429),
        (Unavailable, 503),
        (Unsupported, 422),
        (LampTaken, 409),
        (FileTooLarge, 413),
        (MediaTypeUnsupported, 415),
        (RateLimited, 429),
    ],
)
def test_a_category_has_one_status(kind: type[DomainError], status: int) -> None:
    assert status_of(kind) == status


@pytest.mark.parametrize(("wait", "header"), [(0.2, "1"), (1.0, "1"), (1.1, "2"), (30, "30")])
def test_a_wait_is_told_in_whole_seconds(wait: float, header: str) -> None:
    assert error_response(RateLimited(retry_after=wait)).headers["retry-after"] == header


def test_a_dependency_that_is_down_is_asked_again_soon() -> None:
    assert error_response(Unavailable()).headers["retry-after"] == "1"
    assert error_response(Unavailable(retry_after=7)).headers["retry-after"] == "7"
    assert "retry-after" not in error_response(NotFound()).headers


def test_a_stranger_learns_how_to_introduce_themselves() -> None:
    answer = error_response(Unauthenticated())

    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_wrong_method_learns_the_right_ones() -> None:
    answer = error_response(MethodNotAllowed(allow=["GET", "PUT"]))

    assert answer.headers["allow"] == "GET, PUT"


def test_errors_of_one_status_share_a_response() -> None:
    documented = errors(LampTaken, StaleVersion, NotFound)

    assert set(documented) == {409, 404}
    examples = documented[409]["content"]["application/json"]["examples"]
    assert set(examples) == {"lamp_taken", "biz_concurrent_modification"}
    assert examples["lamp_taken"]["value"]["message"] == "The lamp is taken."
    assert documented[409]["description"] == "`lamp_taken`, `biz_concurrent_modification`"
