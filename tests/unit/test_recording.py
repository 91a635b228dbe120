"""The recording of a command: what it printed stands in the picture, in its order and its time."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree as ET

from tools.recording import LONGEST_WAIT, Line, picture, run, shown

SVG = "{http://www.w3.org/2000/svg}"


def lines(svg: str) -> list[str]:
    texts = ET.fromstring(svg).iter(f"{SVG}text")  # noqa: S314 - made here
    return ["".join(one.itertext()) for one in texts if "class" not in one.attrib]


def test_every_line_is_in_the_picture_in_its_order() -> None:
    recorded = run([sys.executable, "-c", "print('a < b'); print('== step')"])
    svg = picture(shown(recorded, "make up"), "title")
    assert lines(svg) == ["$ make up", "a < b", "== step"]


def test_a_long_wait_is_cut_and_the_clock_goes_on() -> None:
    frames = shown([Line(1, "one"), Line(61, "two")], "x")
    assert frames[2][0] - frames[1][0] == LONGEST_WAIT
    assert ">1:01<" in picture(frames, "title")


def test_lines_appear_one_after_another() -> None:
    svg = picture(shown([Line(at / 2, str(at)) for at in range(40)], "x"), "title")
    begins = [float(one) for one in re.findall(r"@keyframes l\d+\{0%\{opacity:0\}([\d.]+)%", svg)]
    assert begins == sorted(begins)
    assert len(set(begins)) == len(begins) == 41
    assert "translateY(-17px)" in svg, "the lines move up once the terminal is full"


def test_no_folder_of_this_machine_is_shown() -> None:
    recorded = run([sys.executable, "-c", "import os; print(os.getcwd() + '/x', os.path.expanduser('~/y'))"])
    assert [one.text for one in recorded] == ["~/portal/x ~/y"]
