"""Volumes of a pod: a folder each. A process has no mount namespace: :mod:`.rewriting` puts the folders in place of the
paths at which the manifest mounts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localcloud.server import service_calls
from localcloud.server.call import Refusal
from localcloud.server.sessions import SESSIONS

from ..aws import Aws
from ..client import Client, Json
from ..objects.errors import ApiError
from ..objects.kinds import kind
from . import secrets_store
from .errors import CannotMountError, UnsupportedError

POD_IDENTITY_AUDIENCE: Final = "pods.eks.amazonaws.com"
KINDS: Final = ("emptyDir", "csi", "projected")
FOLDER_MODE, FILE_MODE = 0o700, 0o600
DEFAULT_TOKEN_SECONDS = 3600


@dataclass(kw_only=True)
class Volumes:
    client: Client
    aws: Aws
    pod: Json
    folder: Path
    """Of the pod's volumes, one folder each by name."""
    _setters: Mapping[str, Callable[[Path, Json], None]] = field(init=False)

    def __post_init__(self) -> None:
        self._setters = {"csi": self._set_up_secrets, "projected": self._project}

    def refuse_unsupported(self) -> None:
        """Raises UnsupportedError for a volume that is no folder of files that can be had here."""
        for volume in self._volumes():
            kinds = [member for member in volume if member != "name"]
            if unknown := sorted(set(kinds) - set(KINDS)):
                raise UnsupportedError(
                    f"volume {volume['name']!r} is of the type {', '.join(unknown)}: the local cloud has "
                    f"{', '.join(KINDS)}"
                )
            if "csi" in volume and volume["csi"]["driver"] != secrets_store.DRIVER:
                raise UnsupportedError(
                    f"volume {volume['name']!r} is of the CSI driver {volume['csi']['driver']}: the local cloud has "
                    f"{secrets_store.DRIVER}"
                )
            for source in volume.get("projected", {}).get("sources") or []:
                if set(source) != {"serviceAccountToken"}:
                    raise UnsupportedError(
                        f"volume {volume['name']!r} projects {', '.join(sorted(source))}: the local cloud projects "
                        "serviceAccountToken"
                    )

    def set_up(self) -> None:
        """Fills every volume. Raises CannotMountError."""
        for volume in self._volumes():
            folder = self.folder / volume["name"]
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            for member, set_up in self._setters.items():
                if member in volume:
                    try:
                        set_up(folder, volume[member])
                    except (CannotMountError, ApiError) as error:
                        text = f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}'
                        raise CannotMountError(text) from None

    def mounts(self, container: Json) -> dict[str, Path]:
        """mountPath -> folder, of one container."""
        return {
            str(one["mountPath"]).rstrip("/"): self.folder / one["name"] / one.get("subPath", "")
            for one in container.get("volumeMounts") or []
        }

    def token_seconds(self) -> float:
        """How long the shortest-lived of the projected tokens lasts; 0 if there is none."""
        sources = [one for volume in self._volumes() for one in volume.get("projected", {}).get("sources") or []]
        lives = [one["serviceAccountToken"].get("expirationSeconds", DEFAULT_TOKEN_SECONDS) for one in sources]
        return min(lives, default=0)

    def renew_tokens(self) -> None:
        for volume in self._volumes():
            if "projected" in volume:
                self._project(self.folder / volume["name"], volume["projected"])

    def _volumes(self) -> list[Json]:
        return list(self.pod["spec"].get("volumes") or [])

    def _project(self, folder: Path, projected: Json) -> None:
        for source in projected.get("sources") or []:
            wanted = source["serviceAccountToken"]
            seconds = wanted.get("expirationSeconds", DEFAULT_TOKEN_SECONDS)
            _write(folder / wanted["path"], self._token(wanted.get("audience", ""), seconds))

    def _token(self, audience: str, seconds: int) -> str:
        metadata = self.pod["metadata"]
        account = self.pod["spec"].get("serviceAccountName") or "default"
        bound = {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"], "uid": metadata["uid"]}
        spec: Json = {"expirationSeconds": seconds, "boundObjectRef": bound}
        spec |= {"audiences": [audience]} if audience else {}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        path = kind("ServiceAccount").path(metadata["namespace"], account, "token")
        return str(self.client.create(path, body)["status"]["token"])

    def _set_up_secrets(self, folder: Path, csi: Json) -> None:
        if secrets_store.ADD_ON not in self.aws.add_ons():
            raise CannotMountError(
                f"driver name {secrets_store.DRIVER} not found in the list of registered CSI drivers: the cluster has "
                f"no add-on {secrets_store.ADD_ON}"
            )
        namespace = self.pod["metadata"]["namespace"]
        name = (csi.get("volumeAttributes") or {}).get("secretProviderClass", "")
        try:
            provider_class = self.client.get(kind("SecretProviderClass").path(namespace, name))
        except ApiError as error:
            text = f"failed to get secretproviderclass {namespace}/{name}, error: {error.message}"
            raise CannotMountError(text) from None
        for file, content in secrets_store.files_of(provider_class, self._secret_value).items():
            _write(folder / file, content)

    def _secret_value(self, parameters: Mapping[str, str]) -> str:
        """As the pod's role, by Pod Identity."""
        region = self.aws.region
        try:
            credentials = self.aws.credentials_for(self._token(POD_IDENTITY_AUDIENCE, DEFAULT_TOKEN_SECONDS))
            caller = SESSIONS[credentials["accessKeyId"]].caller
            answer: dict[str, Any] = service_calls.perform(
                caller, "secretsmanager", "GetSecretValue", dict(parameters), region
            )
        except Refusal as refusal:
            text = f"Failed fetching secret {parameters['SecretId']}: {refusal.code}: {refusal.message}"
            raise CannotMountError(
                "rpc error: code = Unknown desc = failed to mount secrets store objects for pod "
                f"{self.pod['metadata']['namespace']}/{self.pod['metadata']['name']}, err: {region}: {text}"
            ) from None
        return str(answer["SecretString"])


def _write(file: Path, content: str) -> None:
    """Readable by the owner alone, and never seen half written."""
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    whole = file.with_name(f".{file.name}.new")
    whole.touch(mode=FILE_MODE)
    whole.write_text(content, encoding="utf-8")
    whole.replace(file)
