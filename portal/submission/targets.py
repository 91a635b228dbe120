"""The jobs of each command: what there is to work on, and what each workflow gets.

A job's inputs, flags and label are the clients'. Names in flags stand in regular expressions inside of apostrophes,
as on a shell's command line: that is where they end up.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from portal.errors import PortalError
from portal.s3_uri import Pair, Uri
from portal.submission.defaults import VALIDATIONS
from portal.submission.listing import DEPOSITIONS, NUMBER
from portal.submission.requests import Job, unquoted


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """``queue``: a job a run. ``config_file`` is a path inside the image of the jobs."""

    config_file: str
    input_bucket: str
    output_path: str
    deposition: str
    dataset: str
    flags: Sequence[str]

    def about(self) -> dict[str, str]:
        return {
            "config_file": self.config_file,
            "input_bucket": self.input_bucket,
            "output_path": self.output_path,
            "deposition": self.deposition,
            "dataset": self.dataset,
            "flags": " ".join(self.flags),
        }

    def job(self, run: str) -> Job:
        only = (f"--filter-dataset-name {_exactly(self.dataset)}", f"--filter-run-name {_exactly(run)}")
        inputs = {
            "config_file": self.config_file,
            "input_bucket": self.input_bucket,
            "output_path": self.output_path,
            "flags": " ".join((*self.flags, *only)),
        }
        begin = f"dep{self.deposition}-ds{self.dataset}-run"
        return Job(target=run, label=begin + run, head=len(begin), inputs=inputs)


def _exactly(name: str) -> str:
    """A regular expression for a name and no other, quoted for a shell; plain names look as clients write them."""
    pattern = re.escape(name).replace("\\-", "-")
    return "'" + f"^{pattern}$".replace("'", "'\"'\"'") + "'"


def dataset_of(config_file: str) -> str:
    """The dataset by the name of its configuration (``10000.yaml``). Raises PortalError for a name that says none."""
    stem = PurePosixPath(config_file).stem
    if not NUMBER.fullmatch(stem):
        raise PortalError(f"--dataset: must be given: the file's name {stem!r} is not a dataset's number")
    return stem


@dataclass(frozen=True, kw_only=True)
class Import:
    """``db-import``: a job a dataset."""

    s3_bucket: str
    https_prefix: str
    environment: str
    image: str
    flags: Sequence[str]

    def about(self) -> dict[str, str]:
        return {
            "s3_bucket": self.s3_bucket,
            "https_prefix": self.https_prefix,
            "environment": self.environment,
            "image": self.image,
            "flags": " ".join(self.flags),
        }

    def job(self, dataset: str) -> Job:
        inputs = {
            "s3_bucket": self.s3_bucket,
            "https_prefix": self.https_prefix,
            "flags": " ".join((*self.flags, f"--s3-prefix {dataset}")),
            "environment": self.environment,
            "v2_docker_image_id": self.image,
        }
        return Job(target=dataset, label=f"dbimport-{dataset}", inputs=inputs)


@dataclass(frozen=True, kw_only=True)
class Release:
    """``sync``: a job a dataset, a deposition, or one for all that is under ``source``."""

    source: Uri
    destination: Uri
    flags: Sequence[str]

    def about(self) -> dict[str, str]:
        return {"source": str(self.source), "destination": str(self.destination), "flags": " ".join(self.flags)}

    def dataset(self, name: str) -> Job:
        return self._job(f"ds-{name}", self.source.under(name), self.destination.under(name))

    def deposition(self, name: str) -> Job:
        path = f"{DEPOSITIONS}/{name}"
        return self._job(f"dep-{name}", self.source.under(path), self.destination.under(path))

    def everything(self) -> Job:
        return self._job(f"ds-{self.source.prefix or self.source.bucket}", self.source, self.destination)

    @staticmethod
    def pair(job: Job) -> Pair:
        """What a job copies, and where to."""
        source = Uri(bucket=job.inputs["input_bucket"], prefix=job.inputs["input_path"])
        return source, Uri(bucket=job.inputs["output_bucket"], prefix=job.inputs["output_path"])

    def _job(self, label: str, source: Uri, destination: Uri) -> Job:
        inputs = {
            "input_bucket": source.bucket,
            "input_path": unquoted("SOURCE", source.prefix),
            "output_bucket": destination.bucket,
            "output_path": unquoted("DEST", destination.prefix),
            "flags": " ".join(self.flags),
        }
        return Job(target=str(source), label=f"sync-{label}", inputs=inputs)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """``validate`` and ``source-validate``: a job a dataset, or one for a configuration's sources."""

    kind: str
    """prod, staging or source."""
    input_bucket: str
    output_bucket: str
    flags: Sequence[str] = ()

    def about(self) -> dict[str, str]:
        found = {"kind": self.kind, "input_bucket": self.input_bucket, "output_bucket": self.output_bucket}
        return {**found, "flags": " ".join(self.flags)}

    def dataset(self, name: str) -> Job:
        given = {"dataset": name, "config_file": "", "test_entity": "standardized"}
        return self._job(name, f"validate-{self.kind}-{name}", given)

    def sources(self, config_file: str) -> Job:
        given = {"dataset": "", "config_file": unquoted("CONFIG_FILE", config_file), "test_entity": "source"}
        return self._job(config_file, f"validate-src-{PurePosixPath(config_file).name}", given)

    def _job(self, target: str, label: str, given: Mapping[str, str]) -> Job:
        inputs = {
            "input_bucket": self.input_bucket,
            "output_bucket": self.output_bucket,
            "output_dir": VALIDATIONS[self.kind],
            "extra_args": "",
            "flags": " ".join(self.flags),
            **given,
        }
        return Job(target=target, label=label, inputs=inputs)


def flags(text: str) -> list[str]:
    """Further flags for a workflow's program, as they are. Raises PortalError for quotation marks without an end."""
    try:
        shlex.split(text)
    except ValueError as error:
        raise PortalError(f"--flags: {text!r}: {error}") from error
    return [text] if text.strip() else []
