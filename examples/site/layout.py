"""What all pages have: landmarks, a way past them, where one is."""

from examples.site import assets
from examples.site.markup import Content, Markup, element, join

NAME = "CryoET Data Portal"


def page(title: str, environment: str, *content: Content, script: str = "") -> bytes:
    """A page of the site. `script`: an asset."""
    head = join(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} - {NAME}" if title != NAME else NAME),
        element("link", rel="icon", href=assets.url("icon.svg"), type="image/svg+xml"),
        element("link", rel="stylesheet", href=assets.url("style.css")),
        element("script", type="module", src=assets.url(script)) if script else Markup(),
    )
    body = join(
        element("a", "Skip to the content", href="#content", class_="skip"),
        element("header", _navigation(), _environment(environment)),
        element("main", *content, id="content", tabindex="-1"),
        element("footer", element("p", "This browser reads tomograms from the data CDN; all else here is the API's.")),
    )
    document = element("html", element("head", head), element("body", body), lang="en")
    return b"<!doctype html>\n" + document.encode()


def _navigation() -> Markup:
    links = element("li", element("a", NAME, href="/")), element("li", element("a", "GraphQL", href="/graphql"))
    return element("nav", element("ul", *links), aria_label="Site")


def _environment(environment: str) -> Markup:
    return Markup() if environment == "prod" else element("p", f"Environment: {environment}", class_="environment")


def trail(*links: tuple[str, str]) -> Markup:
    """Where one is: texts and links of what is above."""
    items = [element("li", element("a", text, href=href)) for text, href in links]
    return element("nav", element("ol", *items), aria_label="Breadcrumb", class_="trail")


def facts(*rows: tuple[str, Content]) -> Markup:
    """Names and values."""
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in rows))


def table(caption: str, columns: list[str], rows: list[list[Content]]) -> Markup:
    """The first cell of a row is its name."""
    head = element("thead", element("tr", *(element("th", column, scope="col") for column in columns)))
    body = [element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
            for first, *rest in rows]  # fmt: skip
    whole = element("table", element("caption", caption), head, element("tbody", *body))
    return element("div", whole, class_="table", tabindex="0", role="region", aria_label=caption)
