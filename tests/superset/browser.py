"""Opens the dashboard in headless Chromium, tab by tab, and writes what a reader gets. Run by Superset's own Python.

Superset brings Selenium along; Chromium and its driver are the machine's. Standard output is one JSON object:
for each tab its charts, whether each shows something, and what the page asked the network for.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WIDTH, HEIGHT = 1440, int(os.environ.get("SCREEN_HEIGHT") or 900)
# Chromium's own services ask the network at every start, unless they are told not to
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *(f"--window-size={WIDTH},{HEIGHT}", "--hide-scrollbars"),
)


def main(url: str, password: str, folder: Path, colours: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        browser = start(profile)
        try:
            sign_in(browser, url, "admin", password)
            browser.get_log("performance")
            browser.get(f"{url}/superset/dashboard/ai-unit-economics/")
            tabs = []
            wait(browser, 120, lambda: browser.find_elements(By.CSS_SELECTOR, ".dashboard-component-tabs [role=tab]"))
            for number in range(len(browser.find_elements(By.CSS_SELECTOR, ".dashboard-component-tabs [role=tab]"))):
                tab = browser.find_elements(By.CSS_SELECTOR, ".dashboard-component-tabs [role=tab]")[number]
                tab.click()
                settle(browser)
                browser.save_screenshot(str(folder / f"{number + 1}.png"))
                tabs.append({"name": tab.text, "charts": charts(browser, colours)})
            requests, blocked = asked(browser)
            console = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        finally:
            browser.quit()
    json.dump({"tabs": tabs, "requests": requests, "blocked": blocked, "console": console}, sys.stdout)


def start(profile: str) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for flag in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return browser


def sign_in(browser: webdriver.Chrome, url: str, user: str, password: str) -> None:
    browser.get(f"{url}/login/")
    wait(browser, 120, lambda: browser.find_elements(By.ID, "username"))
    browser.find_element(By.ID, "username").send_keys(user)
    browser.find_element(By.ID, "password").send_keys(password)
    browser.find_element(By.CSS_SELECTOR, "button[type=submit], [data-test=login-button]").click()
    wait(browser, 120, lambda: "/login" not in browser.current_url)


def settle(browser: webdriver.Chrome) -> None:
    """Until no chart loads, twice in a row: a filter that finds its first value lets charts load again."""
    quiet = 0
    until = time.monotonic() + 180
    while quiet < 3:
        if time.monotonic() > until:
            raise TimeoutException("charts still load after three minutes")
        time.sleep(1)
        loading = browser.execute_script(
            "return [...document.querySelectorAll('.loading, .ant-spin-spinning, [data-test=loading-indicator]')]"
            ".filter(e => e.offsetParent !== null).length"
        )
        quiet = 0 if loading else quiet + 1


def charts(browser: webdriver.Chrome, colours: Sequence[str]) -> list[dict]:
    """Of each chart in sight what it says, and over which share of its width each colour is painted."""
    return browser.execute_script(
        """
        const colours = arguments[0].map(text => [text, [1, 3, 5].map(at => parseInt(text.slice(at, at + 2), 16))]);
        const widths = canvas => {
            const {width, height} = canvas;
            const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            return Object.fromEntries(colours.map(([text, colour]) => {
                const seen = new Set();
                for (let at = 0; at < pixels.length; at += 4)
                    if (pixels[at + 3] > 128 && colour.every((part, n) => Math.abs(pixels[at + n] - part) < 32))
                        seen.add((at / 4) % width);
                return [text, seen.size / width];
            }));
        };
        return [...document.querySelectorAll('[data-test-viz-type]')].filter(e => e.offsetParent !== null).map(e => ({
            title: e.getAttribute('data-test-chart-name') || '',
            drawn: e.querySelectorAll('canvas, tbody tr').length,
            painted: e.querySelector('canvas') ? widths(e.querySelector('canvas')) : {},
            text: e.innerText.slice(0, 2000),
        }))
        """,
        list(colours),
    )


def asked(browser: webdriver.Chrome) -> tuple[list[dict], list[str]]:
    """What the page asked the network for, and which of that its content security policy stopped."""
    requests, blocked = {}, []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            request = message["params"]["request"]
            if urlsplit(request["url"]).scheme in ("http", "https", "ws", "wss"):
                requests[message["params"]["requestId"]] = {"method": request["method"], "url": request["url"]}
        elif message["method"] == "Network.loadingFailed" and message["params"].get("blockedReason") == "csp":
            blocked.append(message["params"]["requestId"])
    return list(requests.values()), [requests[number]["url"] for number in blocked if number in requests]


def wait(browser: webdriver.Chrome, seconds: int, condition) -> None:
    WebDriverWait(browser, seconds).until(lambda _: condition())


if __name__ == "__main__":
    main(sys.argv[1], os.environ["SUPERSET_ADMIN_PASSWORD"], Path(sys.argv[2]), sys.argv[3:])
