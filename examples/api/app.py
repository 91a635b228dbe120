"""
GraphQL over HTTP: GET and POST of /graphql, and /healthz.

A request is answered in a thread of a pool with as many threads as the database has connections, so that none waits for
a connection while it holds a thread. /healthz and the page of queries do not ask the database: a probe that did would
keep a database awake that pauses when it is idle, and would take all pods out of service with it.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLError
from sqlalchemy import Engine
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from examples.api.page import QUERY_PAGE
from examples.api.reading import Reader
from examples.api.schema import SCHEMA, Context, is_internal
from examples.asgi import Application, Request, Response

BODY_BYTES: Final = 64 << 10
JSON: Final = "application/json; charset=utf-8"
_MEMBERS: Final = {"query", "variables", "operationName", "extensions"}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What a request asks."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


def application(engine: Engine, threads: int) -> Application:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="query")

    async def handle(request: Request) -> Response:
        if request.path == "/healthz":
            return _json(200, {"status": "ok"})
        if request.path != "/graphql":
            return refuse(404, f"{request.path}: there is nothing here, ask /graphql")
        if request.method == "GET" and "query" not in request.query:
            return Response(body=QUERY_PAGE, content_type="text/html; charset=utf-8")
        try:
            operation = _posted(request) if request.method == "POST" else _got(request)
        except ValueError as error:
            return refuse(400, str(error))
        except UnsupportedMediaTypeError:
            return refuse(415, "the body must be application/json")
        return await asyncio.get_running_loop().run_in_executor(pool, execute, engine, operation)

    return Application(
        handler=handle, refuse=refuse, methods={"/graphql": ("GET", "HEAD", "POST")}, body_bytes=BODY_BYTES
    )


class UnsupportedMediaTypeError(Exception):
    """A body that a form of another site could send."""


def _posted(request: Request) -> Operation:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaTypeError
    document = _decoded(request.body, "the body")
    if not isinstance(document, dict):
        raise ValueError("the body must be a JSON object: queries are not taken in batches")  # noqa: TRY004
    return _operation(document)


def _got(request: Request) -> Operation:
    document: dict[str, Any] = {name: value for name, value in request.query.items() if value}
    for name in document.keys() & {"variables", "extensions"}:
        document[name] = _decoded(document[name].encode(), name)
    return _operation(document)


def _decoded(text: bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from error


def _operation(document: dict[str, Any]) -> Operation:
    if unknown := sorted(document.keys() - _MEMBERS):
        raise ValueError(f"{', '.join(unknown)}: not known; a request has {', '.join(sorted(_MEMBERS))}")
    query, variables, name = (document.get(member) for member in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip():
        raise ValueError("query must be a text")
    if variables is not None and not isinstance(variables, dict):
        raise ValueError("variables must be an object")
    if name is not None and not isinstance(name, str):
        raise ValueError("operationName must be a text")
    return Operation(query=query, variables=variables, name=name)


def execute(engine: Engine, operation: Operation) -> Response:
    reader = Reader(engine)
    try:
        result = SCHEMA.execute_sync(
            operation.query,
            variable_values=operation.variables,
            operation_name=operation.name,
            context_value=Context(reader),
            allowed_operation_types=[OperationType.QUERY],
        )
    except InvalidOperationTypeError:
        return refuse(405, "this API is read only: queries are answered, mutations and subscriptions are not")
    except CannotGetOperationTypeError:
        return refuse(400, f"there is no operation {operation.name!r} in the query")
    except RecursionError:
        return refuse(400, "the query is nested too deeply")
    finally:
        reader.close()
    errors = result.errors or []
    told = {"errors": [_told(error, reader) for error in errors]} if errors else {}
    status = _status(errors, reader, answered=result.data is not None)
    return _json(status, {"data": result.data, **told})


def _status(errors: list[GraphQLError], reader: Reader, *, answered: bool) -> int:
    if reader.unavailable:
        return 503
    if any(map(is_internal, errors)):
        return 500
    return 200 if answered else 400


def _told(error: GraphQLError, reader: Reader) -> dict[str, Any]:
    """An error in GraphQL's form. What went wrong inside is in the log alone."""
    if not is_internal(error):
        return dict(error.formatted)
    message = "the database does not answer" if reader.unavailable else "internal error"
    return {"message": message, **({"path": error.path} if error.path else {})}


def refuse(status: int, reason: str) -> Response:
    return _json(status, {"errors": [{"message": reason}]})


def _json(status: int, document: Any) -> Response:
    headers = {"retry-after": "5"} if status == 503 else {}
    return Response(status=status, body=json.dumps(document).encode(), content_type=JSON, headers=headers)
