#!/usr/bin/env python3
"""Makes deploy/bills.png and deploy/groups.png, the README's pictures of the page on the sample month.
deploy/screenshots.py --proforma PROGRAM        with tests/run.sh's Python, which has selenium
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/web"))
from browser import Browser, Served, need_browser, price_sample  # noqa: E402

RETAIL = "200000000011"
PICTURES = [("bills", f"#/bills?group={RETAIL}", 1064), ("groups", "#/groups", 400)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--proforma", required=True, type=Path)
    options = parser.parse_args()
    need_browser()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        price_sample(options.proforma, ROOT / "tests/data", out)
        with Served(options.proforma, ["--out", out]) as served, Browser(served.address) as browser:
            for name, place, height in PICTURES:
                browser.look(1200, height, "light")
                browser.go(place)
                if name == "bills":
                    browser.click("button.twig", "AmazonEC2")
                    browser.wait("an account's name", lambda: "retail-data" in browser.text("tbody"))
                    browser.run("document.activeElement.blur()")
                browser.driver.save_screenshot(str(ROOT / "deploy" / f"{name}.png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
