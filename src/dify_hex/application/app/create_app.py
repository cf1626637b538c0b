"""Making a new app."""

from dataclasses import dataclass

from dify_hex.application.app.first_configuration import first_configuration
from dify_hex.application.app.ports import AppWork
from dify_hex.application.app.read_models import AppView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.app import App
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.errors import AppModeMismatch
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.model_config import ModelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAppCommand:
    """A name and a mode; without a configuration the app begins with one that works."""

    name: str
    mode: AppMode
    description: str = ""
    icon: str = ""
    configuration: Configuration | None = None


class CreateApp:
    """Makes an app that can be published or edited at once.

    - A name is used once among the tenant's apps that are not deleted, whatever its case.
    - Modes that are not offered yet are refused.
    - A first configuration has to be of the app's mode; its faults are no obstacle.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[AppWork],
        clock: Clock,
        default_model: ModelConfig,
        graphs: GraphCodec,
    ) -> None:
        self._graphs = graphs
        self._begin = begin
        self._clock = clock
        self._default_model = default_model

    async def execute(self, actor: Actor, command: CreateAppCommand) -> AppView:
        """Make the app.

        Raises:
            AppNameTaken: another app has the name.
            AppNameInvalid: the name is blank or too long.
            AppModeUnsupported: the mode is not offered yet.
            AppModeMismatch: the configuration is of another mode.
        """
        app_id = AppId(new_id())
        # A key that is bound to an app can never be bound to this one.
        actor.require_app(app_id, Permission.APP_WRITE)
        first = first_configuration(command.mode, self._default_model, self._graphs)
        configuration = command.configuration or first
        if configuration.mode is not command.mode:
            raise AppModeMismatch(mode=configuration.mode.value, app_mode=command.mode.value)
        app = App.create(
            id=app_id,
            tenant_id=actor.tenant_id,
            name=command.name,
            description=command.description,
            icon=command.icon,
            configuration=configuration,
            now=self._clock.now(),
            by=actor.caller_id,
        )
        async with self._begin(actor.tenant_id) as work:
            work.apps.add(app)
            await work.commit()
        return AppView.of(app)
