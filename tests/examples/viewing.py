"""What the page's canvas shows."""

from __future__ import annotations

import numpy as np

from examples.ingest.volumes import Volume
from tests.examples.browser import Browser

PIXELS = """(() => {
    const canvas = document.getElementById("canvas");
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return {width: canvas.width, height: canvas.height, data: Array.from(data)};
})()"""
DRAWN = "document.getElementById('canvas').getAttribute('aria-busy') === 'false'"


def assert_drawn(chrome: Browser, plane: Volume, least: float, most: float) -> None:
    """The canvas has exactly the plane's voxels, black at the least value and white at the largest."""
    painted = chrome.value(PIXELS)
    pixels = np.array(painted["data"], np.uint8).reshape(painted["height"], painted["width"], 4)
    grey = np.clip(np.floor((plane.astype(np.float64) - least) / (most - least) * 255 + 0.5), 0, 255).astype(np.uint8)
    assert pixels.shape[:2] == plane.shape
    assert (pixels[..., 3] == 255).all()
    for channel in range(3):
        assert np.array_equal(pixels[..., channel], grey)
