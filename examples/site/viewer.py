"""The part of a run's page in which static/viewer.js draws a slice. Without scripts it says what it would be."""

from examples.site.markup import Markup, element, join


def viewer(name: str, zarr: str) -> Markup:
    """`zarr`: the URL of its OME-Zarr."""
    canvas = element("canvas", role="img", aria_label=f"{name}: not drawn yet", id="canvas", width=1, height=1)
    status = element("figcaption", "Reading the tomogram …", id="status", role="status")
    without = element("noscript", element("p", "Drawing a slice needs JavaScript."))
    failure = element("p", id="problem", role="alert", hidden=True)
    controls = element(
        "fieldset",
        element("legend", "What is drawn"),
        _range("z", "Slice along z", 0),
        element("p", element("label", "Resolution", for_="level"), element("select", id="level")),
        _range("black", "Black, in percent of the range", 100, value=0),
        _range("white", "White, in percent of the range", 100, value=100),
        element("p", element("button", "Range of this slice", id="fit", type="button")),
        id="controls",
        disabled=True,
    )
    figure = element("figure", canvas, status)
    return element(
        "section",
        element("h2", name, id="viewer-title"),
        without,
        failure,
        element("div", figure, controls, class_="viewer"),
        aria_labelledby="viewer-title",
        id="viewer",
        data_zarr=zarr,
        data_name=name,
    )


def _range(identifier: str, label: str, most: int, value: int = 0) -> Markup:
    field = element("input", type="range", id=identifier, min=0, max=most, value=value, step=1)
    number = element("output", id=f"{identifier}-value", for_=identifier)
    return element("p", element("label", label, for_=identifier), join(field, number))
