"""The pages, from what the API answers. None of them: there is nothing of that number or name."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from examples.site.api import Api
from examples.site.layout import NAME, facts, page, table, trail
from examples.site.markup import Content, Markup, element
from examples.site.viewer import viewer

PAGE_SIZE: Final = 20
MAX_RUNS: Final = 1000
LIST: Final = """query List($where: DatasetWhere, $limit: Int!, $offset: Int!) {
  datasets(where: $where, orderBy: [{id: asc}], limitOffset: {limit: $limit, offset: $offset}) {
    id title runsCount tomogramsCount
  }
  datasetsCount(where: $where)
}"""
DATASET: Final = """query Dataset($id: Int!, $limit: Int!) {
  datasets(where: {id: {_eq: $id}}) {
    id title s3Prefix httpsPrefix runsCount
    runs(orderBy: [{name: asc}], limitOffset: {limit: $limit}) { name tomogramsCount }
  }
}"""
RUN: Final = """query Run($id: Int!, $name: String!) {
  runs(where: {datasetId: {_eq: $id}, name: {_eq: $name}}) {
    name s3Prefix httpsPrefix
    dataset { id title }
    tomograms(orderBy: [{voxelSpacing: asc}, {number: asc}]) {
      voxelSpacing number sizeX sizeY sizeZ httpsMrcFile fileSizeMrc httpsOmezarrDir fileSizeOmezarr
    }
  }
}"""


def datasets(api: Api, environment: str, query: Mapping[str, str]) -> bytes | None:
    """The list, or that part of it whose title has the searched words or whose number is searched."""
    searched, number = query.get("q", "").strip(), query.get("page", "1")
    if not number.isdecimal() or not 0 < int(number) < 10**6:
        return None
    offset = (int(number) - 1) * PAGE_SIZE
    answer = api.ask(LIST, where=_where(searched), limit=PAGE_SIZE, offset=offset)
    count = answer["datasetsCount"]
    rows: list[list[Content]] = [
        [_link(item), item["id"], item["runsCount"], item["tomogramsCount"]] for item in answer["datasets"]
    ]
    if not rows and offset:
        return None
    said = f"{count} {'dataset' if count == 1 else 'datasets'}" + (f" with “{searched}”" if searched else "")
    listed = table("Datasets", ["Title", "Number", "Runs", "Tomograms"], rows) if rows else Markup()
    more = _parts(searched, int(number), -(-count // PAGE_SIZE))
    title = f"Search for “{searched}”" if searched else NAME
    return page(title, environment, element("h1", "Datasets"), _search(searched), element("p", said), listed, more)


def _link(item: dict[str, Any]) -> Markup:
    return element("a", item["title"], href=f"/datasets/{item['id']}")


def _where(searched: str) -> dict[str, Any]:
    if searched.isdecimal() and len(searched) < 10:
        return {"id": {"_eq": int(searched)}}
    plain = searched.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return {"title": {"_ilike": f"%{plain}%"}} if searched else {}


def _search(searched: str) -> Markup:
    label = element("label", "Search datasets by title or number", for_="search")
    field = element("input", type="search", id="search", name="q", value=searched, maxlength=200)
    return element("form", label, field, element("button", "Search"), action="/", method="get", role="search")


def _parts(searched: str, number: int, last: int) -> Markup:
    links = [
        element("li", element("a", text, href="/?" + urlencode({"q": searched, "page": other}), rel=rel))
        for text, other, rel in (("Previous", number - 1, "prev"), ("Next", number + 1, "next"))
        if 0 < other <= last
    ]
    if not links:
        return Markup()
    return element("nav", element("p", f"Page {number} of {last}"), element("ul", *links), aria_label="Pages")


def dataset(api: Api, environment: str, number: int) -> bytes | None:
    rows = api.ask(DATASET, id=number, limit=MAX_RUNS)["datasets"]
    if not rows:
        return None
    [item] = rows
    runs: list[list[Content]] = [
        [element("a", run["name"], href=run_url(number, run["name"])), run["tomogramsCount"]] for run in item["runs"]
    ]
    left_out = item["runsCount"] - len(runs)
    return page(
        item["title"],
        environment,
        trail(("Datasets", "/")),
        element("h1", item["title"]),
        facts(("Number", number), ("Runs", item["runsCount"]), *_places(item)),
        table("Runs", ["Name", "Tomograms"], runs) if runs else element("p", "There are no runs yet."),
        element("p", f"{left_out} more runs: ask the API") if left_out else Markup(),
    )


def run_url(number: int, name: str) -> str:
    return f"/datasets/{number}/runs/{quote(name, safe='')}"


def run(api: Api, environment: str, number: int, name: str, query: Mapping[str, str]) -> bytes | None:
    """A run with its tomograms. One is drawn: the first that has a zarr, or that of `?tomogram=SPACING/NUMBER`."""
    rows = api.ask(RUN, id=number, name=name)["runs"]
    if not rows:
        return None
    [item] = rows
    drawable = {_key(tomogram): tomogram for tomogram in item["tomograms"] if tomogram["httpsOmezarrDir"]}
    wanted = query.get("tomogram", next(iter(drawable), ""))
    if wanted and wanted not in drawable:
        return None
    return page(
        f"{name}, {item['dataset']['title']}",
        environment,
        trail(("Datasets", "/"), (item["dataset"]["title"], f"/datasets/{number}")),
        element("h1", f"Run {name}"),
        facts(("Dataset", f"{number}, {item['dataset']['title']}"), *_places(item)),
        viewer(_named(drawable[wanted]), drawable[wanted]["httpsOmezarrDir"])
        if wanted
        else element("p", "There is no tomogram that can be drawn."),
        _tomograms(number, name, item["tomograms"], wanted),
        script="viewer.js" if wanted else "",
    )


def _tomograms(number: int, name: str, tomograms: list[dict[str, Any]], drawn: str) -> Markup:
    if not tomograms:
        return element("p", "There are no tomograms yet.")
    columns = ["Tomogram", "Voxels (x x y x z)", "Voxel spacing", "MRC file", "OME-Zarr"]
    rows: list[list[Content]] = [
        [
            _draw(run_url(number, name), tomogram, drawn),
            " x ".join(str(tomogram[f"size{axis}"]) for axis in "XYZ"),
            f"{tomogram['voxelSpacing']:.3f} Å",
            _file(tomogram["httpsMrcFile"], tomogram["fileSizeMrc"]),
            _size(tomogram["fileSizeOmezarr"]),
        ]
        for tomogram in tomograms
    ]
    return table("Tomograms", columns, rows)


def _draw(url: str, tomogram: dict[str, Any], drawn: str) -> Content:
    if not tomogram["httpsOmezarrDir"] or _key(tomogram) == drawn:
        return tomogram["number"]
    text = f"Draw {tomogram['number']}"
    return element("a", text, href=f"{url}?{urlencode({'tomogram': _key(tomogram)})}")


def _key(tomogram: dict[str, Any]) -> str:
    return f"{tomogram['voxelSpacing']:.3f}/{tomogram['number']}"


def _named(tomogram: dict[str, Any]) -> str:
    return f"Tomogram {tomogram['number']} at {tomogram['voxelSpacing']:.3f} Å"


def _file(url: str | None, size: int | None) -> Content:
    return element("a", f"Download, {_size(size)}", href=url) if url else "none"


def _size(number: int | None) -> str:
    if number is None:
        return "none"
    steps = [(10**9, "GB"), (10**6, "MB"), (10**3, "kB")]
    return next((f"{number / size:.1f} {unit}" for size, unit in steps if number >= size), f"{number} bytes")


def _places(item: dict[str, Any]) -> list[tuple[str, Content]]:
    return [("In S3", element("code", item["s3Prefix"])), ("On the web", element("code", item["httpsPrefix"]))]


def problem(environment: str, title: str, *sentences: str) -> bytes:
    """A page that says why there is no other."""
    paragraphs = [element("p", sentence) for sentence in (*sentences, element("a", "All datasets", href="/"))]
    return page(title, environment, element("h1", title), *paragraphs)
