"""
The call cache: what a finished task or workflow gave, kept in S3 so that a rerun on another host need not repeat it.

`cache/{name}/{digest of its source}/{digest of its input}.json` beside the outputs. Files count by their URI in S3 and
not by the path of one host. An entry whose files are gone is no answer; one whose files were changed is: the objects
of a run are the run's own.

miniwdl asks for this backend by the name that swipe gave it (`MINIWDL__CALL_CACHE__BACKEND` of the job definition),
and whether to read and to write by `MINIWDL__CALL_CACHE__GET` and `…__PUT`.
"""

import json
import logging

from WDL import Env, Type, Value, values_from_json, values_to_json
from WDL.runtime import config
from WDL.runtime.cache import CallCache, CallCacheAddPaths, digest_inputs

from localcloud.runner.plugins import located
from localcloud.runner.run import Run, run_of

log = logging.getLogger(__name__)
Values = Env.Bindings[Value.Base]


class S3CallCache(CallCache):
    """miniwdl's call cache with its entries in S3."""

    def __init__(self, cfg: config.Loader, logger: logging.Logger) -> None:
        super().__init__(cfg, logger)
        run = run_of(cfg)
        if run is None:
            raise ValueError("the call cache in S3 works inside a job only")
        self._run: Run = run

    def _uri(self, key: str, inputs: Values) -> str:
        what = key.rpartition("/")[0]  # name and digest of the source; the rest is of this host's paths
        return f"{self._run.job.prefix}/cache/{what}/{digest_inputs(located(self._run, inputs))}.json"

    def get(self, key: str, inputs: Values, output_types: Env.Bindings[Type.Base]) -> Values | None:
        if not self._cfg.get_bool("call_cache", "get"):
            return None
        uri = self._uri(key, inputs)
        body = self._run.store.read(uri)
        if body is None:
            return None
        outputs = values_from_json(json.loads(body)["outputs"], output_types)
        files = _files(outputs)
        missing = [file for file in files if not self._is_there(file)]
        if missing:
            log.warning("cache entry %s is not used: %s is gone", uri, ", ".join(missing))
            return None
        log.info("call cache hit: %s", uri)
        self._run.uploads.adopt(file for file in files if file.startswith(f"{self._run.job.prefix}/"))
        self._entry_add_paths[key] = CallCacheAddPaths()
        return outputs

    def _is_there(self, uri: str) -> bool:
        store = self._run.store
        return not uri.startswith("s3://") or store.exists(uri) or bool(store.list(uri))

    def put(
        self,
        key: str,
        outputs: Values,
        run_dir: str | None = None,  # noqa: ARG002 - as the base says; a path of this host means nothing in S3
        *,
        inputs: Values,
        add_paths: CallCacheAddPaths,
    ) -> None:
        self._entry_add_paths[key] = add_paths.copy()
        if not self._cfg.get_bool("call_cache", "put"):
            return
        where = located(self._run, outputs)
        unfit = [file for file in _files(where) if "://" not in file or self._run.uploads.is_ambiguous(file)]
        if unfit or add_paths.add_paths or add_paths.absent_paths:
            log.warning("%s is not cached: %s", key, ", ".join(unfit) or "it reads files beside its source")
            return
        uri = self._uri(key, inputs)
        self._run.store.write_json({"outputs": values_to_json(where)}, uri)
        self._run.store.mark_intermediate(uri)


def _files(values: Values) -> list[str]:
    found: list[str] = []

    def one(value: Value.File | Value.Directory) -> str:
        found.append(value.value)
        return value.value

    Value.rewrite_env_paths(values, one)
    return found
