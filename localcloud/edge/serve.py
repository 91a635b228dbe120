"""The way of a viewer's request: distribution, web ACL, behavior, protocol, method, signature, cache, origin, headers.

The order is CloudFront's as far as it is documented. Requests for one key at one time each go to the origin, where
CloudFront would let all but the first wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from localcloud.edge import behaviors, content, firewall, headers, local_names, logs, origin, policies, signed
from localcloud.edge.cache import CACHE, Entry, Key, seconds, storable
from localcloud.edge.forwarding import in_key
from localcloud.edge.viewer import Answer, Viewer, page, redirect
from localcloud.server.services.cloudfront import store
from localcloud.server.wire import HttpRequest, HttpResponse

_LONGEST_URL: Final = 8_192
_METHOD: Final = (
    "This distribution is not configured to allow the HTTP request method that was used for this request. The "
    "distribution supports only cachable requests."
)


def reset() -> None:
    CACHE.clear()
    firewall.reset()
    logs.reset()


def answer(request: HttpRequest) -> HttpResponse | None:
    """The answer of the distribution that the host means; None: the host is none of CloudFront's."""
    header = request.headers.get("host", "")
    host = behaviors.host_of(header)
    one = behaviors.distribution(host)
    if one is None and not behaviors.is_cloudfronts(host):
        return None
    local = header.partition(":")[0].lower().endswith(behaviors.LOCAL)
    if one is None:
        nobody = store.Distribution(id="unknown", account="", config={"HttpVersion": "http2"})
        viewer = Viewer(request=request, distribution=nobody, host=host, secure=request.secure or local)
        return headers.completed(viewer, page(viewer, 403, "Bad request."))
    viewer = Viewer(request=request, distribution=one, host=host, secure=request.secure or local, is_local=local)
    found = _answer(viewer)
    sent = headers.completed(viewer, found)
    logs.note(viewer, found, sent)
    return local_names.rewritten(viewer, sent)


def _answer(viewer: Viewer) -> Answer:
    if len(viewer.request.target) > _LONGEST_URL:
        return page(viewer, 414, "Bad request.")
    if firewall.blocks(viewer):
        return page(viewer, 403, "Request blocked.")
    viewer.behavior = behaviors.behavior(viewer.distribution, viewer.request.path)
    return _by_protocol(viewer) or _by_method(viewer) or signed.refusal(viewer) or _cached(viewer)


def _by_protocol(viewer: Viewer) -> Answer | None:
    wanted = viewer.behavior["ViewerProtocolPolicy"]
    if viewer.secure or wanted == "allow-all":
        return None
    return redirect(viewer) if wanted == "redirect-to-https" else page(viewer, 403, "Bad request.")


def _by_method(viewer: Viewer) -> Answer | None:
    if viewer.method not in viewer.behavior["AllowedMethods"]["Items"]:
        return page(viewer, 403, _METHOD)
    return page(viewer, 403, "Bad request.") if viewer.method == "GET" and viewer.request.body else None


def _cached(viewer: Viewer) -> Answer:
    policy = policies.cache_policy(viewer)
    accepted = content.encoding(viewer, policy)
    viewer.forwarded = in_key(viewer, policy)
    key: Key = (viewer.distribution.id, viewer.request.path, accepted, *viewer.forwarded.key)
    if viewer.method not in viewer.behavior["AllowedMethods"]["CachedMethods"]["Items"]:
        return _from_origin(origin.ask(viewer, {}))
    for place in _places(viewer, key):
        entry = CACHE.find(place, viewer.distribution)
        if entry is not None and entry.fresh:
            return _hit(viewer, entry, "Hit")
        if entry is not None and entry.response.status == 200 and "range" not in viewer.headers:
            return _renewed(viewer, place, entry, policy, accepted)
    return _missed(viewer, key, policy, accepted)


def _places(viewer: Viewer, key: Key) -> list[Key]:
    """Where an answer may be kept: the whole object, which answers all; the part; the headers alone."""
    places = [(*key, "GET")]
    if "range" in viewer.headers:
        places.append((*key, "GET", viewer.headers["range"]))
    return [*places, (*key, "HEAD")] if viewer.method == "HEAD" else places


def _hit(viewer: Viewer, entry: Entry, result: str) -> Answer:
    response = content.tailored(viewer, entry.response)
    failed = response.status >= 400
    return Answer(response=_bodiless(viewer, response), result="Error" if failed else result, age=entry.age)


def _bodiless(viewer: Viewer, response: HttpResponse) -> HttpResponse:
    """The answer to a HEAD has the length of the body that it leaves out."""
    if viewer.method != "HEAD" or not response.body:
        return response
    length = {"Content-Length": str(len(response.body))}
    return HttpResponse(status=response.status, headers={**response.headers, **length})


def _renewed(viewer: Viewer, place: Key, entry: Entry, policy: Mapping[str, Any], accepted: str) -> Answer:
    """What has expired is asked for by its ETag."""
    etag = entry.header("etag").removeprefix("W/")
    as_get = replace(viewer.request, method="GET")
    response = origin.ask(replace(viewer, request=as_get), {"if-none-match": etag} if etag else {})
    if response.status >= 500 and policy["MaxTTL"]:
        return _stale(viewer, place, entry, response)
    if response.status == 304:
        CACHE.keep(place, Entry(response=entry.response, path=entry.path, seconds=entry.seconds))
        return replace(_hit(viewer, entry, "RefreshHit"), age=None)
    kept = _keep(viewer, place, response, policy, accepted)
    return _from_origin(_bodiless(viewer, content.tailored(viewer, kept)))


def _stale(viewer: Viewer, place: Key, entry: Entry, response: HttpResponse) -> Answer:
    """While the origin fails, what has expired goes on being served: it is asked again after the error caching time."""
    for_seconds = seconds(response, policies.cache_policy(viewer), _least(viewer))
    CACHE.keep(place, Entry(response=entry.response, path=entry.path, seconds=for_seconds))
    return _hit(viewer, entry, "Hit")


def _missed(viewer: Viewer, key: Key, policy: Mapping[str, Any], accepted: str) -> Answer:
    response = origin.ask(viewer, {})
    part = (viewer.headers["range"],) if response.status == 206 else ()
    return _from_origin(_keep(viewer, (*key, viewer.method, *part), response, policy, accepted))


def _keep(viewer: Viewer, place: Key, response: HttpResponse, policy: Mapping[str, Any], accepted: str) -> HttpResponse:
    response = content.compressed(response, accepted, viewer.behavior)
    for_seconds = seconds(response, policy, _least(viewer))
    kept_whole = place[-1] not in ("GET", "HEAD") or response.status != 206
    if (for_seconds > 0 or (storable(response) and policy["MaxTTL"])) and kept_whole:
        CACHE.keep(place, Entry(response=response, path=viewer.request.path, seconds=for_seconds))
    return response


def _least(viewer: Viewer) -> dict[int, int]:
    """By status, for how long the distribution keeps errors."""
    errors = viewer.distribution.config["CustomErrorResponses"].get("Items") or []
    return {one["ErrorCode"]: one.get("ErrorCachingMinTTL", 0) for one in errors}


def _from_origin(response: HttpResponse) -> Answer:
    return Answer(response=response, result="Error" if response.status >= 400 else "Miss")
