"""The file slice: its limits, its links and its use cases."""

from datetime import timedelta

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.file.done_files import SqlDoneFiles
from dify_hex.adapters.persistence.file.reader import SqlFileReader
from dify_hex.adapters.security.file_links import HmacFileLinkSigner
from dify_hex.application.file.delete_file import DeleteFile
from dify_hex.application.file.download_file import DownloadFile
from dify_hex.application.file.file_intake import FileIntake
from dify_hex.application.file.list_files import ListFiles
from dify_hex.application.file.open_signed_file import OpenSignedFile
from dify_hex.application.file.resolve_file_inputs import ResolveFileInputs
from dify_hex.application.file.show_file import ShowFile
from dify_hex.application.file.sign_file_url import SignFileUrl
from dify_hex.application.file.sweep_expired_files import SweepExpiredFiles
from dify_hex.application.file.upload_file import UploadFile
from dify_hex.bootstrap.content_settings import FileSettings
from dify_hex.bootstrap.index import UseCaseIndex
from dify_hex.domain.file.limits import MEGABYTE, FileLimits
from dify_hex.domain.shared.values.file_reference import FileKind


def _limits(settings: FileSettings) -> FileLimits:
    keep_days = settings.keep_days
    megabytes = {kind: getattr(settings, f"{kind.value}_megabytes") for kind in FileKind}
    return FileLimits(
        max_bytes={kind: number * MEGABYTE for kind, number in megabytes.items()},
        longest_lifetime=None if keep_days is None else timedelta(days=keep_days),
        blocked_extensions=frozenset(settings.blocked_extensions),
    )


class FileContainer(containers.DeclarativeContainer):
    """Everything that can be done with files."""

    shared = providers.DependenciesContainer()
    objects = providers.DependenciesContainer()

    limits = providers.Singleton(_limits, shared.settings.provided.file)
    signer = providers.Singleton(HmacFileLinkSigner, shared.keyring)
    storage = objects.files
    begin, clock = shared.begin, shared.clock

    resolve_file_inputs = providers.Factory(ResolveFileInputs, clock=clock)
    intake = providers.Singleton(
        FileIntake, begin=begin, clock=clock, storage=storage, limits=limits
    )
    upload_file = providers.Factory(UploadFile, intake=intake, clock=clock)
    show_file = providers.Factory(ShowFile, begin=begin, clock=clock)
    list_files = providers.Factory(
        ListFiles, reader=providers.Singleton(SqlFileReader, shared.reads)
    )
    download_file = providers.Factory(DownloadFile, begin=begin, clock=clock, storage=storage)
    delete_file = providers.Factory(DeleteFile, begin=begin, clock=clock, storage=storage)
    sign_file_url = providers.Factory(SignFileUrl, begin=begin, clock=clock, signer=signer)
    open_signed_file = providers.Factory(
        OpenSignedFile, begin=begin, clock=clock, storage=storage, signer=signer
    )
    sweep_expired_files = providers.Singleton(
        SweepExpiredFiles,
        files=providers.Singleton(SqlDoneFiles, shared.system_pool),
        storage=storage,
        clock=shared.clock,
    )


def file_use_cases(container: FileContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        DeleteFile: container.delete_file,
        DownloadFile: container.download_file,
        ListFiles: container.list_files,
        OpenSignedFile: container.open_signed_file,
        ShowFile: container.show_file,
        SignFileUrl: container.sign_file_url,
        UploadFile: container.upload_file,
    }
