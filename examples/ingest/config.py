"""
A dataset's configuration: what it is, and where its tomograms are.

A relative path is taken from this package's folder, as the portal's tool takes it from the folder of its scripts:
`../dataset_configs/10000.yaml` names the same file in both.
"""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from examples.ingest.errors import InvalidInputFileError

Name = Annotated[str, StringConstraints(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dataset(_Strict):
    """The dataset as `dataset_metadata.json` gives it."""

    dataset_identifier: int = Field(ge=10_000, le=99_999)
    dataset_title: Name
    dataset_description: str = ""
    authors: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])


class Tomograms(_Strict):
    """Where the sources are and what the files themselves don't tell."""

    source_prefix: Name
    """Folder in the source bucket; each `{run}.mrc` in it is the tomogram of a run."""
    voxel_spacing: float | None = Field(default=None, gt=0)
    """Angstrom; must agree with the file's header if it has one. None: the header's."""
    reconstruction_method: str = "Unknown"
    processing: str = "raw"
    chunk: int = Field(default=256, ge=1)
    """Edge of a zarr chunk in voxels."""


class Configuration(_Strict):
    dataset: Dataset
    tomograms: Tomograms


def read_configuration(path: str) -> Configuration:
    """
    Raises:
        InvalidInputFileError: the file is missing, is no YAML, or breaks a rule; all faults at once
    """
    file = Path(path) if Path(path).is_absolute() else Path(__file__).parent / path
    try:
        return Configuration.model_validate(yaml.safe_load(file.read_text()))
    except OSError as error:
        raise InvalidInputFileError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise InvalidInputFileError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise InvalidInputFileError(f"{path}: {faults}") from error
