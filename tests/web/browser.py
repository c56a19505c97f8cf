"""A headless Chromium on a page of `proforma serve`, for tests and for pictures.

    with Served(proforma, ["--out", folder]) as served, Browser(served.address) as browser:
        browser.go("#/bills")
        browser.text("h1")

Both stop what they started. Where there is no browser a test ends with SKIPPED, in words.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Where there is no browser a test is skipped, and says so; a CI run must not pass without it.
SKIPPED = 1 if os.environ.get("CI") == "true" or os.environ.get("PROFORMA_BROWSER") == "required" else 77
PATIENCE = 60  # seconds; a busy machine is no failure

try:
    from axe_core_python.base import AXE_FILE_PATH
except ImportError:
    AXE_FILE_PATH = None
try:
    from selenium import webdriver
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None


def need_browser():
    """Ends the program in words where there is none."""
    for found, what in (
        (shutil.which("chromium"), "chromium"),
        (shutil.which("chromedriver"), "chromium-driver"),
        (webdriver, "Python's selenium"),
        (AXE_FILE_PATH, "Python's axe-core-python"),
    ):
        if not found:
            print(f"skipped: {what} is not installed; tests/run.sh installs it", file=sys.stderr)
            sys.exit(SKIPPED)


def command_line():
    """Of a test of pages; ends the program where there is no browser."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--proforma", required=True, type=Path)
    parser.add_argument("--data", required=True, type=Path)
    options = parser.parse_args()
    need_browser()
    return options


def run_cases(cases, browser, shown):
    for case in cases:
        begin = time.monotonic()
        case(browser, shown)
        print(f"{case.__name__.replace('_', ' ')}: ok, {time.monotonic() - begin:.1f} s", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """`proforma serve` with these arguments on a port of its own."""

    def __init__(self, proforma, arguments, settings=()):
        self.port = free_port()
        pairs = [f"api.listen=127.0.0.1:{self.port}", *settings]
        self.command = [str(proforma), "serve", *map(str, arguments), *[part for pair in pairs for part in ("--set", pair)]]
        self.address = f"http://127.0.0.1:{self.port}/"

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("http"):
            raise AssertionError(f"serve did not start: {line}{self.process.stderr.read()}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("serve did not stop within 20 s of SIGTERM")
        finally:
            self.process.stdout.close()
            self.process.stderr.close()


def price_sample(proforma, data, out):
    """The sample month, closed, as a folder."""
    lists = [part for path in sorted((Path(data) / "pricelist").glob("*.json")) for part in ("--price-list", str(path))]
    subprocess.run(
        [
            str(proforma),
            "price",
            "--conductor",
            str(Path(data) / "conductor.json"),
            *lists,
            "--resource-ids",
            "--close",
            "2026-06",
            "--out",
            str(out),
            str(Path(data) / "cur_2026-06_hourly_normalized.csv.gz"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Browser:
    def __init__(self, address, width=1280, height=900, scheme="light"):
        self.address, self.width, self.height, self.scheme = address, width, height, scheme

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--lang=en",
            f"--user-data-dir={self.folder}",
        ):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"download.default_directory": self.folder})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.look(self.width, self.height, self.scheme)
        return self

    def __exit__(self, *_):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    def look(self, width, height, scheme):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )

    # ---- waiting and looking ----

    def wait(self, what, condition):
        """Until condition() is true; what says what was waited for."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                found = condition()
            except StaleElementReferenceException:
                found = None
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(
            f"waited in vain for {what}; the page says:\n{self.driver.find_element(By.TAG_NAME, 'body').text[:1500]}"
        )

    def go(self, place=""):
        self.driver.get("about:blank")
        self.driver.get(self.address + place)
        self.settle()

    def settle(self):
        self.wait(
            "the page to be read",
            lambda: self.run("return document.querySelector('main').getAttribute('aria-busy')") == "false",
        )

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.wait(selector, lambda: next(iter(self.all(selector)), None))

    def text(self, selector):
        return self.one(selector).text

    def rows(self, caption):
        """The texts of a table's body, by its caption's beginning."""
        return self.run(
            """
            const table = [...document.querySelectorAll('table')].find((one) => one.caption.textContent.startsWith(arguments[0]));
            return table ? [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)) : null""",
            caption,
        )

    # ---- doing ----

    def click(self, selector, text=None):
        def find():
            found = [one for one in self.all(selector) if one.is_displayed() and (text is None or text in one.text)]
            return found[0] if found else None

        self.wait(f"{selector} {text or ''}", find).click()

    def fill(self, label, text):
        """Types into the field that a label names."""
        field = self.wait(
            f"a field {label}",
            lambda: self.run(
                """
            const label = [...document.querySelectorAll('label')].find((one) => one.textContent === arguments[0] && one.offsetParent);
            return label ? label.control : null""",
                label,
            ),
        )
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)
        return field

    def press(self, *keys):
        self.driver.switch_to.active_element.send_keys(*keys)

    # ---- judging ----

    def complaints(self):
        """What the console has said since it was asked last."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def accessibility(self, within="body"):
        """What axe finds: labels, roles, names, contrast and the like."""
        if not self.run("return window.axe !== undefined"):
            self.run(Path(AXE_FILE_PATH).read_text())
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1]; axe.run(arguments[0]).then((result) => done(result.violations), (error) => done([{id: String(error), nodes: []}]))",
            within,
        )
        return [
            f"{one['id']}: {' '.join(node['html'].split())[:160]} {node.get('failureSummary', '')[:240]}"
            for one in found
            for node in one["nodes"] or [{"html": ""}]
        ]
