"""Pages and pictures as their readers see them: golden files, which the unit tests compare with
what the program writes, in a real Chromium and a real Graphviz.

    pages_test.py [--screenshots DIR]
"""

import base64
import itertools
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from browser import Browser, View  # noqa: E402

GOLDEN = Path(__file__).parents[1] / "golden" / "cli"
PAGES = sorted(GOLDEN.glob("*.html"))
SCHEMES = ("light", "dark")
WIDTHS = (1200, 768, 380)
screenshots = None

# Text that cannot be read for its colour (WCAG 2.1, AA) or its size.
UNREADABLE = """
(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const f = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const pair = [luminance(parse(style.color)), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)}: ${walker.currentNode.data}`);
    if (parseFloat(style.fontSize) < 12) bad.push(`${style.fontSize}: ${walker.currentNode.data}`);
  }
  return bad;
})()
"""

# Words of a picture that leave the picture, or the box that they are in.
OUTSIDE = """
[...document.querySelectorAll('text')].filter(text => {
  const frame = text.parentElement.querySelector('rect').getBBox();
  const words = text.getBBox();
  return words.x < frame.x || words.x + words.width > frame.x + frame.width;
}).map(text => text.textContent)
"""


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())

    def view(self, path, scheme="light", width=1200):
        view = View(self.browser, path, scheme, width)
        self.addCleanup(view.close)
        if screenshots:
            name = f"{path.stem}{path.suffix}-{scheme}-{width}.png"
            (screenshots / name).write_bytes(base64.b64decode(view.screenshot()))
        return view

    def test_each_page_is_quiet_readable_and_fits(self):
        self.assertTrue(PAGES)
        for path, scheme, width in itertools.product(PAGES, SCHEMES, WIDTHS):
            with self.subTest(page=path.name, scheme=scheme, width=width):
                view = self.view(path, scheme, width)
                self.assertEqual(view.complaints(), [])
                self.assertEqual(view.value("document.compatMode"), "CSS1Compat")
                # Written as XML, where a style may have entities; in HTML they are no rules.
                self.assertNotIn("&", view.value("document.querySelector('style').textContent"))
                self.assertGreater(len(view.value("document.body.innerText")), 100)
                self.assertEqual(view.value(UNREADABLE), [])
                # Nothing sticks out at the side, whatever is opened.
                view.value("document.querySelectorAll('details').forEach(d => d.open = true)")
                widest = view.value("document.documentElement.scrollWidth")
                self.assertLessEqual(widest, width)
                self.assertEqual(view.value(UNREADABLE), [])

    def test_schemes_differ(self):
        colour = "getComputedStyle(document.body).backgroundColor"
        for path in PAGES:
            shown = {self.view(path, scheme).value(colour) for scheme in SCHEMES}
            self.assertEqual(len(shown), 2, path.name)

    def test_the_picture_by_itself(self):
        path = GOLDEN / "graph.svg"
        colours = set()
        for scheme in SCHEMES:
            view = self.view(path, scheme)
            self.assertEqual(view.complaints(), [])
            self.assertEqual(view.value(OUTSIDE), [])
            colours.add(view.value("getComputedStyle(document.querySelector('.back')).fill"))
        self.assertEqual(len(colours), 2)

    def test_the_checks_see_what_they_are_for(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "bad.html"
            path.write_text(
                "<!DOCTYPE html><meta charset=utf-8><body style='color: #aaa; background: #fff'>"
                "grey on white<img src='http://example.invalid/x.png'>"
                "<script>console.log('hello'); throw new Error('no');</script>"
            )
            view = self.view(path)
            complaints = "\n".join(view.complaints())
            self.assertIn("request: http://example.invalid/x.png", complaints)
            self.assertIn("hello", complaints)
            self.assertIn("exception: ", complaints)
            self.assertTrue(view.value(UNREADABLE)[0].endswith("grey on white"))


class Graphviz(unittest.TestCase):
    def test_dot_draws_every_node(self):
        text = (GOLDEN / "graph.dot").read_bytes()
        drawn = subprocess.run(
            ["dot", "-Tsvg"], input=text, capture_output=True, timeout=60, check=False
        )
        self.assertEqual((drawn.returncode, drawn.stderr), (0, b""))
        names = {"{http://www.w3.org/2000/svg}title"}
        root = ElementTree.fromstring(drawn.stdout)
        titles = {element.text for element in root.iter() if element.tag in names}
        for node in ("bootstrap", "master-1", "master-2", "master-3", "agent-1", "public-1"):
            self.assertIn("node " + node, titles)
            self.assertIn("network--node " + node, titles)


if __name__ == "__main__":
    if "--screenshots" in sys.argv:
        screenshots = Path(sys.argv.pop())
        sys.argv.remove("--screenshots")
        screenshots.mkdir(parents=True, exist_ok=True)
    unittest.main()
