"""Everything that can be set from outside, read once from the environment."""

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
)
from pydantic_settings import NoDecode

from dify_hex.bootstrap.content_settings import FileSettings, KnowledgeSettings
from dify_hex.bootstrap.home import default_home
from dify_hex.bootstrap.settings_section import (
    PREFIX,
    Port,
    Positive,
    Seconds,
    Section,
    TextList,
    items_of,
    section_config,
)
from dify_hex.domain.shared.values.outbound_rules import OutboundRules


class ServerSettings(Section):
    """Where the process listens and how much it takes on."""

    model_config = section_config()

    bind: str = "127.0.0.1"
    port: Annotated[Port, Field(validation_alias=AliasChoices(f"{PREFIX}PORT", "PORT"))] = 8000
    metrics_bind: str = "127.0.0.1"
    #: Port 0 picks a free one.
    metrics_port: Port = 9464
    #: With a token, `/metrics` is also served at the main address.
    metrics_token: SecretStr | None = None
    cors_origins: TextList = ()
    #: Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
    trusted_proxies: TextList = ()
    max_body_bytes: Positive = 1 << 20
    body_timeout: Seconds = 30
    #: Requests that have not begun to answer; beyond it 503. Open streams do not count.
    max_requests_in_progress: Positive = 1024
    keep_alive_seconds: Positive = 75
    shutdown_grace: Seconds = 20

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return items_of(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network, strict=False)
        return value


class RunSettings(Section):
    """How runs and their streams are treated."""

    model_config = section_config("RUN_")

    foreground_limit: Positive = 500
    background_limit: Positive = 200
    #: Seconds that a foreground run waits for a reader to come back.
    resume_window: Annotated[float, Field(ge=0, le=3600)] = 20
    stream_max_seconds: Seconds = 3600
    stream_ping_seconds: Seconds = 10
    stream_buffer_bytes: Positive = 1 << 20
    #: How long finished runs are kept, and how many of each app; without a number, for ever.
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = 90
    keep_per_app: Positive | None = 100_000


class JobSettings(Section):
    """Background jobs: how many of each queue a worker does at once, and how long they are kept."""

    model_config = section_config("JOBS_")

    critical_places: Positive = 8
    high_places: Positive = 8
    normal_places: Positive = 4
    low_places: Positive = 2
    #: How long jobs that are over are kept, dead letters included; without a number, for ever.
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = 30


class LimitSettings(Section):
    """Token buckets: how many requests at once, and how many a second regains."""

    model_config = section_config("LIMIT_")

    address_burst: Positive = 2000
    address_per_second: Seconds = 1000
    #: Sign-in, refresh and set-up, by address.
    sign_in_burst: Positive = 20
    sign_in_per_second: Seconds = 0.2
    #: Files for forms that runs wait for, by address.
    form_file_burst: Positive = 60
    form_file_per_second: Seconds = 1
    tenant_burst: Positive = 4000
    tenant_per_second: Seconds = 2000
    caller_burst: Positive = 2000
    caller_per_second: Seconds = 1000


class PoolSettings(Section):
    """How many connections a process keeps, and how long it waits for one."""

    model_config = section_config("POOL_")

    database_connections: Positive = 16
    #: For the journal and other lean paths, beside those of the ORM.
    database_lean_connections: Positive = 8
    database_system_connections: Positive = 4
    redis_connections: Positive = 64
    redis_timeout: Seconds = 5
    http_connections: Positive = 512


class ModelSettings(Section):
    """An OpenAI-compatible server in place of the embedded model, and what tenants may call."""

    model_config = section_config("MODEL_")

    url: str | None = None
    api_key: SecretStr | None = None
    name: str | None = None
    #: How many tokens a conversation with that server's model may hold.
    context_window: Positive = 8192
    #: Whether tenants' own providers may be in private networks, this machine included.
    private_addresses: bool = False
    #: Threads of the embedded model; 0 leaves one core to everything else.
    threads: Annotated[int, Field(ge=0)] = 0


class EmbeddingSettings(Section):
    """An OpenAI-compatible server in place of the embedded embedding model."""

    model_config = section_config("EMBEDDING_")

    url: str | None = None
    api_key: SecretStr | None = None
    name: str | None = None
    #: How many tokens one text may have.
    context_window: Positive = 8192
    #: Threads of the embedded model; 0 leaves one core to everything else.
    threads: Annotated[int, Field(ge=0)] = 0


def _are_rules(value: tuple[str, ...]) -> tuple[str, ...]:
    OutboundRules.parse(opened=value)
    return value


_Rules = Annotated[tuple[str, ...], NoDecode, BeforeValidator(items_of), AfterValidator(_are_rules)]


class OutboundLists(BaseModel, frozen=True, extra="forbid"):
    """What one tenant may call, in the words of `OutboundSettings`; each of both can refuse."""

    opened: _Rules = ()
    only: _Rules = ()
    denied: _Rules = ()


class OutboundSettings(Section):
    """Requests to servers that tenants and their graphs name.

    The lists hold networks and names, each with a port or without: `10.0.0.0/8`,
    `10.1.2.3:8080`, `[fd00::/8]:443`, `*.example.com`.
    """

    model_config = section_config("OUTBOUND_")

    #: May be called although they are not on the open internet.
    opened: _Rules = ()
    #: When there are any, nothing else may be called.
    only: _Rules = ()
    #: May never be called.
    denied: _Rules = ()
    #: The same for single tenants, by their ids, as JSON.
    tenants: Mapping[UUID, OutboundLists] = {}
    #: Certificates of authorities to believe beside the usual ones.
    ca_file: Path | None = None
    connections: Positive = 256
    #: Requests of one tenant at once; more of them wait.
    connections_per_tenant: Positive = 64
    #: For a whole exchange, whatever the request says.
    max_seconds: Seconds = 600
    max_body_bytes: Positive = 100 << 20
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 10


class SandboxSettings(Section):
    """Where tenants' code runs; the service itself reads its settings in `sandbox_options.py`."""

    model_config = section_config("SANDBOX_")

    #: `unix:///path` or `tcp://host:port`; without one the sandbox that `up` runs.
    url: str | None = None
    token: SecretStr | None = None


class ReadingSettings(Section):
    """What reading one document may use up."""

    model_config = section_config("READING_")

    #: Plain text, Markdown, source code and tables in text are read piece by piece.
    text_megabytes: Positive = 250
    #: All other formats are held whole by the process that reads them.
    document_megabytes: Positive = 100
    #: What that process may take beyond its own start.
    memory_megabytes: Annotated[int, Field(ge=128)] = 1024
    #: For one document, in processor time as well as by the clock.
    seconds: Positive = 300
    #: Such processes at once, in each of ours; of several, one tenant never has all.
    processes: Positive = 3


class LogSettings(Section):
    """How the process tells what it does."""

    model_config = section_config("LOG_")

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    #: `auto` is pretty on a terminal and JSON elsewhere.
    format: Literal["auto", "json", "pretty"] = "auto"


class IdentitySettings(Section):
    """How long credentials of people last."""

    model_config = section_config("IDENTITY_")

    access_token_seconds: Positive = 900
    refresh_token_seconds: Positive = 30 * 24 * 3600
    setup_link_seconds: Positive = 24 * 3600


class Settings(Section):
    """The whole configuration; a URL that is not set means the embedded part."""

    model_config = section_config()

    home: Path = Field(default_factory=default_home)
    database_url: Annotated[SecretStr | None, Field(validation_alias="DATABASE_URL")] = None
    database_admin_url: Annotated[
        SecretStr | None, Field(validation_alias="DATABASE_ADMIN_URL")
    ] = None
    database_system_url: Annotated[
        SecretStr | None, Field(validation_alias="DATABASE_SYSTEM_URL")
    ] = None
    redis_url: Annotated[SecretStr | None, Field(validation_alias="REDIS_URL")] = None
    #: `s3://bucket/path`, `gs://…`, `az://…` or `file:///…`; without it a folder in the home.
    storage_url: str | None = None
    #: Made with mode 0600 when it is absent; `secret.key` in the home folder by default.
    secret_key_file: Path | None = None

    server: ServerSettings = Field(default_factory=ServerSettings)
    run: RunSettings = Field(default_factory=RunSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    limit: LimitSettings = Field(default_factory=LimitSettings)
    pool: PoolSettings = Field(default_factory=PoolSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    embedding: EmbeddingSettings = Field(default_factory=EmbeddingSettings)
    outbound: OutboundSettings = Field(default_factory=OutboundSettings)
    file: FileSettings = Field(default_factory=FileSettings)
    knowledge: KnowledgeSettings = Field(default_factory=KnowledgeSettings)
    sandbox: SandboxSettings = Field(default_factory=SandboxSettings)
    reading: ReadingSettings = Field(default_factory=ReadingSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    identity: IdentitySettings = Field(default_factory=IdentitySettings)

    @property
    def run_folder(self) -> Path:
        """Where sockets, pids and `parts.json` are while something runs."""
        return self.home / "run"

    @property
    def storage_folder(self) -> Path:
        """Where files and large values are when no other storage is named."""
        return self.home / "storage"

    @property
    def secret_key_path(self) -> Path:
        """The file that holds the key of keys."""
        return self.secret_key_file or self.home / "secret.key"
