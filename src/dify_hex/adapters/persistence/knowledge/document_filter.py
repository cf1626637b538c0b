"""Which documents count in a search, as SQL."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite

from dify_hex.adapters.persistence.knowledge.rows import OUT_OF_SIGHT
from dify_hex.application.knowledge.index_ports import DocumentFilter, MetadataFilter
from dify_hex.domain.knowledge.metadata import TIME_FORMAT
from dify_hex.domain.knowledge.segment_errors import MetadataFilterInvalid
from dify_hex.domain.shared.values.json_value import JsonValue

_OF_KNOWLEDGE = "tenant_id = :tenant_id AND knowledge_id = :knowledge_id"
_IN_SIGHT = "deleted_at IS NULL AND is_enabled"

Parameters = dict[str, object]


@dataclass(frozen=True, slots=True)
class DocumentsSql:
    """A query for ids of documents: of those that count, or (`is_exclusion`) of all others."""

    query: str
    parameters: Parameters
    is_exclusion: bool

    @property
    def condition(self) -> str:
        """A condition on `document_id` that no index answers: the ids are hashed once."""
        return f"(document_id IN ({self.query})) IS {'NOT ' if self.is_exclusion else ''}TRUE"

    @property
    def index_condition(self) -> str:
        """The same for an index with `document_id`, where few documents count."""
        if self.is_exclusion:
            return self.condition
        return f"document_id = ANY(ARRAY({self.query}))"


def documents_sql(wanted: DocumentFilter) -> DocumentsSql:
    """The documents of a filter; `tenant_id` and `knowledge_id` are parameters of the statement.

    Raises:
        MetadataFilterInvalid: an operator is not known, or its value is of the wrong type.
    """
    if not wanted.document_ids and not wanted.conditions:
        return DocumentsSql(_query(f"({OUT_OF_SIGHT})"), {}, is_exclusion=True)
    parameters: Parameters = {}
    parts = [_IN_SIGHT]
    if wanted.document_ids:
        parts.append("id = ANY(CAST(:document_ids AS uuid[]))")
        parameters["document_ids"] = list(wanted.document_ids)
    if wanted.conditions:
        conditions = [
            _condition(number, each, parameters) for number, each in enumerate(wanted.conditions)
        ]
        word = " OR " if wanted.any_condition else " AND "
        parts.append(f"({word.join(conditions)})")
    return DocumentsSql(_query(*parts), parameters, is_exclusion=False)


def _query(*conditions: str) -> str:
    # Conditions are constants and names of parameters.
    return f"SELECT id FROM documents WHERE {' AND '.join((_OF_KNOWLEDGE, *conditions))}"  # noqa: S608 - see above


def _condition(number: int, wanted: MetadataFilter, parameters: Parameters) -> str:
    """The condition in SQL; a document without the entry meets only those that deny something."""
    make = _OPERATORS.get(wanted.operator)
    if make is None:
        raise MetadataFilterInvalid(operator=wanted.operator)
    name, value = f"name_{number}", f"value_{number}"
    parameters[name] = wanted.name
    sql, expected = make(f"metadata -> CAST(:{name} AS text)", f":{value}", wanted.value)
    if expected is not None:
        parameters[value] = expected
    return f"({sql})"


Made = tuple[str, object]


def _text(entry: str) -> str:
    # A number as people write it: 42, though it may be kept as 42.0.
    number = f"CAST(trim_scale(CAST({_raw(entry)} AS numeric)) AS text)"
    return f"(CASE jsonb_typeof({entry}) WHEN 'number' THEN {number} ELSE {_raw(entry)} END)"


def _raw(entry: str) -> str:
    return f"({entry} #>> '{{}}')"


def _like(pattern: Callable[[str], str], *, denied: bool = False) -> Callable[..., Made]:
    def make(entry: str, value: str, expected: JsonValue) -> Made:
        if not isinstance(expected, str):
            raise MetadataFilterInvalid(value=str(expected))
        escaped = expected.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        sql = f"{_text(entry)} LIKE CAST({value} AS text)"
        return (f"({sql}) IS NOT TRUE" if denied else sql), pattern(escaped)

    return make


def _equal(*, denied: bool) -> Callable[..., Made]:
    def make(entry: str, value: str, expected: JsonValue) -> Made:
        sql = f"{_text(entry)} = CAST({value} AS text)"
        if isinstance(expected, int | float) and not isinstance(expected, bool):
            sql = f"{_number(entry)} = CAST({value} AS float8)"
            return (f"({sql}) IS NOT TRUE" if denied else sql), _as_number(expected)
        return (f"({sql}) IS NOT TRUE" if denied else sql), _as_text(expected)

    return make


def _among(*, denied: bool) -> Callable[..., Made]:
    def make(entry: str, value: str, expected: JsonValue) -> Made:
        several = expected.split(",") if isinstance(expected, str) else expected
        if not isinstance(several, list | tuple):
            raise MetadataFilterInvalid(value=str(expected))
        sql = f"{_text(entry)} = ANY(CAST({value} AS text[]))"
        words = [_as_text(each).strip() for each in several]
        return (f"({sql}) IS NOT TRUE" if denied else sql), words

    return make


def _numeric(operator: str, *, denied: bool = False) -> Callable[..., Made]:
    def make(entry: str, value: str, expected: JsonValue) -> Made:
        sql = f"{_number(entry)} {operator} CAST({value} AS float8)"
        return (f"({sql}) IS NOT TRUE" if denied else sql), _as_number(expected)

    return make


def _moment(operator: str) -> Callable[..., Made]:
    def make(entry: str, value: str, expected: JsonValue) -> Made:
        # Moments are kept as texts whose order is theirs.
        return f"{_raw(entry)} {operator} CAST({value} AS text)", _as_moment(expected)

    return make


def _presence(condition: str) -> Callable[..., Made]:
    def make(entry: str, _value: str, _expected: JsonValue) -> Made:
        return condition.format(_raw(entry)), None

    return make


def _number(entry: str) -> str:
    return f"CASE WHEN jsonb_typeof({entry}) = 'number' THEN CAST({_raw(entry)} AS float8) END"


def _as_text(value: JsonValue) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise MetadataFilterInvalid(value=str(value))
    if isinstance(value, str):
        return value
    number = _as_number(value)
    return f"{Decimal(repr(number)).normalize():f}" if isfinite(number) else str(number)


def _as_number(value: JsonValue) -> float:
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise MetadataFilterInvalid(value=str(value))


def _as_moment(value: JsonValue) -> str:
    try:
        if isinstance(value, int | float):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            moment = datetime.fromisoformat(_as_text(value))
    except (ValueError, OverflowError, OSError) as error:
        raise MetadataFilterInvalid(value=str(value)) from error
    zoned = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return zoned.strftime(TIME_FORMAT)


_OPERATORS: Mapping[str, Callable[..., Made]] = {
    "contains": _like(lambda text: f"%{text}%"),
    "not contains": _like(lambda text: f"%{text}%", denied=True),
    "start with": _like(lambda text: f"{text}%"),
    "end with": _like(lambda text: f"%{text}"),
    "is": _equal(denied=False),
    "is not": _equal(denied=True),
    "in": _among(denied=False),
    "not in": _among(denied=True),
    "empty": _presence("coalesce({}, '') = ''"),
    "not empty": _presence("coalesce({}, '') <> ''"),
    "=": _numeric("="),
    "≠": _numeric("=", denied=True),
    ">": _numeric(">"),
    "<": _numeric("<"),
    "≥": _numeric(">="),
    "≤": _numeric("<="),
    "before": _moment("<"),
    "after": _moment(">"),
}


def operators() -> Iterator[str]:
    """Every operator that a condition may have."""
    yield from _OPERATORS
