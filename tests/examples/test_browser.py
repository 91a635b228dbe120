"""The example page in a browser, before the example API and a server of files: what is seen, drawn, typed and said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from examples.api.app import application as api_application
from examples.importer import database
from examples.importer.tables import DATASETS, RUNS, TOMOGRAMS
from examples.ingest.phantom import SHAPE, SPACING, phantom
from examples.ingest.volumes import LEVELS, pyramid, write_zarr
from examples.site.api import Api
from examples.site.app import application as site_application
from tests.examples.browser import INTERACTIVE, Browser, browser
from tests.examples.rows import dataset, runs, tomogram
from tests.examples.serving import Secured, files, served
from tests.examples.viewing import DRAWN, assert_drawn

DATASET, RUN = 10100, "TS_001"
CONTRASTS = """(() => {
    const channels = (text) => text.match(/[\\d.]+/g).map(Number);
    const part = (value) => value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const [r, g, b, alpha = 1] = channels(getComputedStyle(element).backgroundColor);
            if (alpha) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const ratios = [];
    for (const element of document.querySelectorAll("body *")) {
        const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!hasText || !element.checkVisibility()) continue;
        const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
        ratios.push([(a + 0.05) / (b + 0.05), element.textContent.trim().slice(0, 40)]);
    }
    return ratios;
})()"""
FOCUS = "[document.activeElement.tagName, document.activeElement.id || document.activeElement.textContent].join(' ')"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The phantom's zarr as the ingest writes it: a folder, and its URL."""
    folder = tmp_path_factory.mktemp("data")
    write_zarr(folder / "TS_001.zarr", pyramid(phantom()), SPACING, 48, RUN)
    with files(folder) as url:
        yield folder, url


@pytest.fixture(scope="module")
def site(engine: Engine, parameters: dict[str, Any], data: tuple[Path, str]) -> Iterator[str]:
    _, url = data
    drawn = {**tomogram(DATASET, RUN, 100), "voxel_spacing": SPACING, "https_omezarr_dir": f"{url}/TS_001.zarr"}
    away = {**tomogram(DATASET, "TS_002", 100), "https_omezarr_dir": f"{url}/TS_002.zarr"}
    tables = [
        (DATASETS, [dataset(DATASET, "Shells")]),
        (RUNS, runs(DATASET, RUN, "TS_002")),
        (TOMOGRAMS, [drawn, away]),
    ]
    with database.connect(parameters) as connection:
        database.replace_rows(connection, DATASET, tables)
    with served(api_application(engine, threads=2)) as api:
        page = Secured(site_application(Api(f"{api}/graphql"), "staging"), url)
        with served(page) as address:
            yield address
    with database.connect(parameters) as connection:
        connection.execute("DELETE FROM datasets WHERE id = %s", [DATASET])


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def chrome(opened: Browser) -> Iterator[Browser]:
    """A browser whose console stays empty."""
    opened.complaints.clear()
    yield opened
    assert opened.complaints == []


def run_url(site: str, run: str = RUN) -> str:
    return f"{site}/datasets/{DATASET}/runs/{run}"


def open_run(chrome: Browser, site: str) -> None:
    chrome.open(run_url(site))
    chrome.until(DRAWN)


def test_the_way_from_the_list_to_a_slice_by_keyboard(chrome: Browser, site: str) -> None:
    chrome.open(site)
    chrome.press("Tab")
    assert chrome.value(FOCUS) == "A Skip to the content"
    chrome.press("Enter")
    chrome.press("Tab")
    assert chrome.value(FOCUS) == "INPUT search"
    chrome.write("shells")
    chrome.press("Enter")
    chrome.until("location.search === '?q=shells'")
    assert chrome.value("document.querySelector('main > p').textContent") == "1 dataset with “shells”"
    for text in (f"Shells {DATASET}", RUN):
        tab_to(chrome, f"A {text}")
        chrome.press("Enter")
        chrome.until(f"document.querySelector('h1').textContent.endsWith({text!r})")
    chrome.until(DRAWN)
    tab_to(chrome, "INPUT z")
    volume = phantom(2)
    plane = volume[len(volume) // 2]
    least, most = float(plane.min()), float(plane.max())
    assert_drawn(chrome, plane, least, most)
    chrome.press("ArrowRight")
    chrome.until("document.getElementById('status').textContent.includes('slice 12 of 20')")
    assert_drawn(chrome, volume[11], least, most)
    order = [f"{kind} {name}" for kind, name in (("SELECT", "level"), ("INPUT", "black"), ("INPUT", "white"))]
    for expected in (*order, "BUTTON fit"):
        chrome.press("Tab")
        assert chrome.value(FOCUS) == expected


def tab_to(chrome: Browser, place: str) -> None:
    for _ in range(30):
        chrome.press("Tab")
        if chrome.value(FOCUS) == place:
            return
    raise AssertionError(f"{place} is not reached by Tab")


def test_every_level_is_drawn_as_the_phantom_is(chrome: Browser, site: str) -> None:
    open_run(chrome, site)
    for level in reversed(range(LEVELS)):
        volume = phantom(level)
        for z in {0, len(volume) // 2, len(volume) - 1}:
            chrome.value(f"""(() => {{
                const level = document.getElementById("level"), z = document.getElementById("z");
                level.value = {level};
                level.dispatchEvent(new Event("change"));
                z.value = {z};
                document.getElementById("fit").click();
            }})()""")
            said = f"slice {z + 1} of {len(volume)}, {volume.shape[2]} x {volume.shape[1]} voxels"
            chrome.until(f"document.getElementById('status').textContent === 'Drawn: {said}.'")
            assert_drawn(chrome, volume[z], float(volume[z].min()), float(volume[z].max()))
    names = chrome.value("[...document.getElementById('level').options].map((option) => option.text)")
    sizes = [" x ".join(str(side // 2**level) for side in reversed(SHAPE)) for level in range(LEVELS)]
    assert names == [f"{size} voxels of {10 * 2**level} Å" for level, size in enumerate(sizes)]


def test_contrast_is_chosen_in_percent_of_the_range(chrome: Browser, site: str) -> None:
    open_run(chrome, site)
    for control, value in (("black", 20), ("white", 60)):
        chrome.value(f"""(() => {{
            const control = document.getElementById("{control}");
            control.value = {value};
            control.dispatchEvent(new Event("input"));
        }})()""")
        chrome.until(f"document.getElementById('{control}-value').value === '{value} %'")
    chrome.until(DRAWN)
    volume = phantom(2)
    plane = volume[len(volume) // 2]
    least, most = float(plane.min()), float(plane.max())
    assert_drawn(chrome, plane, least + (most - least) * 20 / 100, least + (most - least) * 60 / 100)


@pytest.mark.parametrize("path", ["", f"datasets/{DATASET}", f"datasets/{DATASET}/runs/{RUN}"])
def test_assistive_technology_is_told_everything(chrome: Browser, site: str, path: str) -> None:
    chrome.open(f"{site}/{path}")
    if path.endswith(RUN):
        chrome.until(DRAWN)
    roles = chrome.roles()
    assert [name for role, name in roles if role in INTERACTIVE and not name.strip()] == []
    assert {"banner", "navigation", "main", "contentinfo"} <= {role for role, _ in roles}
    assert chrome.value("document.querySelectorAll('h1').length") == 1
    assert chrome.value("document.documentElement.lang") == "en"
    assert chrome.value("document.title").endswith("CryoET Data Portal")
    assert [said for ratio, said in chrome.value(CONTRASTS) if ratio < 7] == []
    if path.endswith(RUN):
        assert ("image", "Tomogram 100 at 10.000 Å: slice 11 of 20, 28 x 24 voxels") in roles
        assert {"Slice along z", "Black, in percent of the range", "White, in percent of the range"} <= {
            name for role, name in roles if role == "slider"
        }
        assert ("combobox", "Resolution") in roles
        assert chrome.value("document.getElementById('z').getAttribute('aria-valuetext')") == "slice 11 of 20"


def test_chunks_that_are_not_there_are_said(chrome: Browser, site: str, data: tuple[Path, str]) -> None:
    """A zarr may leave chunks out; they are its fill value."""
    folder, _ = data
    chunk = folder / "TS_001.zarr/1/0/0/1"
    body = chunk.read_bytes()
    chunk.unlink()
    try:
        open_run(chrome, site)
        chrome.value("""(() => {
            document.getElementById("level").value = 1;
            document.getElementById("level").dispatchEvent(new Event("change"));
        })()""")
        gap = "Drawn: slice 22 of 40, 56 x 48 voxels; 1 of its 2 chunks are not there and drawn as 0."
        chrome.until(f"document.getElementById('status').textContent === '{gap}'")
        assert chrome.complaints == [
            "Failed to load resource: the server responded with a status of 404 (File not found)"
        ]
    finally:
        chunk.write_bytes(body)
        chrome.complaints.clear()


def test_what_cannot_be_drawn_is_said(chrome: Browser, site: str, data: tuple[Path, str]) -> None:
    folder, url = data
    chrome.open(run_url(site, "TS_002"))
    failed = "!document.getElementById('problem').hidden"
    chrome.until(failed)
    assert ("alert", "") in chrome.roles()
    said = chrome.value("document.getElementById('problem').textContent")
    assert said == f"The tomogram can't be drawn: {url}/TS_002.zarr/.zattrs is not there."
    chunk = folder / "TS_001.zarr/2/0/0/0"
    body = chunk.read_bytes()
    chunk.write_bytes(body[:-3])
    try:
        chrome.open(run_url(site))
        chrome.until(failed)
        assert "a Blosc buffer says" in chrome.value("document.getElementById('problem').textContent")
    finally:
        chunk.write_bytes(body)
        chrome.complaints.clear()


def test_without_the_api_the_page_says_so(chrome: Browser) -> None:
    nowhere = site_application(Api("http://127.0.0.1:9"), "prod")
    with served(nowhere) as address:
        chrome.open(address)
        assert chrome.value("document.querySelector('h1').textContent") == "Not available"
        assert "503" in chrome.complaints.pop()


def test_a_picture_of_the_page_for_its_readme(chrome: Browser, site: str, tmp_path: Path) -> None:
    """PAGE_PICTURE=docs/images/page.png writes the one that README shows."""
    open_run(chrome, site)
    chrome.value("""(() => {
        document.getElementById("level").value = 0;
        document.getElementById("level").dispatchEvent(new Event("change"));
    })()""")
    chrome.until("document.getElementById('status').textContent.includes('112 x 96')")
    picture = Path(os.environ.get("PAGE_PICTURE", tmp_path / "page.png"))
    chrome.screenshot(picture)
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 10_000
