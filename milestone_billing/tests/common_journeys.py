import json
import time
from unittest.mock import patch

import odoo.tests.common
from odoo.tests import HttpCase
from odoo.tests.common import ChromeBrowser, ChromeBrowserException

from .common import MilestoneBillingCommon

FIND = """
(([selector, text]) => {
    const read = (el) => `${el.innerText || ""} ${el.value || ""}`;
    const clean = (said) => said.replace(/[\\s\\u200b\\ufeff]+/g, " ");
    return [...document.querySelectorAll(selector)].find(
        (el) => el.getClientRects().length && clean(read(el)).includes(text)
    );
})(%s)
"""
"""JavaScript: the first visible element that matches a selector and says a text."""

LOCATE = """
(() => {
    const el = %s;
    el?.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = el?.getClientRects()[0];
    if (!box) {
        return null;
    }
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const top = document.elementFromPoint(x, y);
    return el === top || el.contains(top) || el.contains(top?.closest("label"))
        ? [x, y]
        : null;
})()
"""
"""JavaScript: where to click an element, null while something lies over it."""

# as the browser's protocol wants them
KEYS = {
    "Tab": {"code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Escape": {"code": "Escape", "windowsVirtualKeyCode": 27},
    "ArrowDown": {"code": "ArrowDown", "windowsVirtualKeyCode": 40},
    "ArrowRight": {"code": "ArrowRight", "windowsVirtualKeyCode": 39},
    "s": {"code": "KeyS", "windowsVirtualKeyCode": 83},
}
MODIFIERS = {"Alt": 1, "Control": 2, "Shift": 8}
LOADED = ("Document", "Fetch", "Script", "Stylesheet", "XHR")
PATIENCE = 40
SETTLING = 3
"""Seconds: how long to wait for something, and for a page to have what it asked for."""
POLL = 0.05


class Person(ChromeBrowser):
    """A person at the browser: its mouse and its keyboard, every use of which counts.

    The input is the browser's own: the focus moves, and what lies under something else
    cannot be clicked.
    """

    def __init__(self, walk, *args, **kwargs):
        self.walk = walk
        self.clicks = self.keys = 0
        self.loading = set()
        self.answers = []
        super().__init__(*args, **kwargs)
        self._handlers |= {
            "Network.requestWillBeSent": self._start_loading,
            "Network.loadingFinished": self._end_loading,
            "Network.loadingFailed": self._end_loading,
            "Network.responseReceived": self._keep_answer,
        }
        self._websocket_request("Network.enable")

    def _wait_code_ok(self, code, timeout, error_checker=None):
        # OVERRIDE: the test's own steps instead of a script
        self.walk(self)
        if self._result.done():
            self._result.result()  # raises what the page said went wrong

    # what the browser tells, with its names of the parameters

    def _start_loading(self, requestId, type="", **_others):
        if type in LOADED:
            self.loading.add(requestId)

    def _end_loading(self, requestId, **_others):
        self.loading.discard(requestId)

    def _keep_answer(self, requestId, response, type, **_others):
        if type in ("Fetch", "XHR"):
            self.answers.append((requestId, response["url"]))

    def evaluate(self, expression):
        """Return what a JavaScript expression is."""
        return self._websocket_request(
            "Runtime.evaluate",
            params={"expression": expression, "returnByValue": True},
        )["result"].get("value")

    def wait(self, expression, what):
        """Return what an expression is as soon as it is true."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if value := self.evaluate(expression):
                return value
            time.sleep(POLL)
        self.take_screenshot()
        raise ChromeBrowserException(f"There is no {what}.")

    # --- what costs nothing ---

    def let_load(self):
        """Wait until the page has all it asked for."""
        deadline = time.monotonic() + SETTLING
        while self.loading and time.monotonic() < deadline:
            time.sleep(POLL)
        # of what a page asked for and left behind, no end is told
        self.loading.clear()

    def see(self, selector, text=""):
        """Wait until something is shown."""
        expression = FIND % json.dumps([selector, text])
        self.wait(f"Boolean({expression})", f"{selector} {text}")

    def see_gone(self, selector, text=""):
        """Wait until something is not shown any more."""
        expression = FIND % json.dumps([selector, text])
        self.wait(f"!{expression}", f"end of {selector} {text}")

    def be_at(self, selector):
        """Wait until the focus is on something."""
        expression = f"document.activeElement?.closest({json.dumps(selector)})"
        self.wait(f"Boolean({expression})", f"focus on {selector}")

    def is_at(self, selector):
        """Return whether the focus is on something."""
        return self.evaluate(
            f"Boolean(document.activeElement?.closest({json.dumps(selector)}))"
        )

    def read_answers(self):
        """Return the texts that the server sent to the page's scripts."""
        texts = []
        for request_id, url in self.answers:
            try:
                answer = self._websocket_request(
                    "Network.getResponseBody", params={"requestId": request_id}
                )
            except ChromeBrowserException:
                continue  # of a page that was left
            texts.append((url, answer["body"]))
        return texts

    # --- what is counted ---

    def click(self, selector, text=""):
        """Click on the middle of something, once it is there and holds still."""
        expression = LOCATE % (FIND % json.dumps([selector, text]))
        self.let_load()
        place = None
        while place is None or place != self.evaluate(expression):
            place = self.wait(expression, f"{selector} {text} to click")
            time.sleep(POLL)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._websocket_request(
                "Input.dispatchMouseEvent",
                params={
                    "type": kind,
                    "x": place[0],
                    "y": place[1],
                    "button": "none" if kind == "mouseMoved" else "left",
                    "clickCount": 0 if kind == "mouseMoved" else 1,
                },
            )
        self.clicks += 1

    def type(self, text):
        """Type a text where the focus is."""
        for character in text:
            self._strike({"key": character, "text": character})

    def paste(self, text):
        """Put a text where the focus is, at one stroke."""
        self._websocket_request("Input.insertText", params={"text": text})
        self.keys += 1

    def press(self, keys):
        """Press a key by its name, such as ``Tab`` or ``Alt+s``."""
        *modifiers, key = keys.split("+")
        held = sum(MODIFIERS[modifier] for modifier in modifiers)
        self._strike({"key": key, **KEYS[key]}, held)

    def _strike(self, key, modifiers=0):
        params = {**key, "modifiers": modifiers}
        if modifiers & ~MODIFIERS["Shift"]:
            params.pop("text", None)  # no letter, but a shortcut
        self._websocket_request(
            "Input.dispatchKeyEvent",
            params={**params, "type": "keyDown" if "text" in params else "rawKeyDown"},
        )
        params.pop("text", None)
        self._websocket_request(
            "Input.dispatchKeyEvent", params={**params, "type": "keyUp"}
        )
        self.keys += 1


class JourneyCommon(MilestoneBillingCommon, HttpCase):
    """Journeys through the product, their clicks and keystrokes counted."""

    _retry = True
    browser_size = "1366x768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journeys = {}
        cls.addClassCleanup(cls._print_journeys)

    @classmethod
    def _print_journeys(cls):
        """Log the table of what was counted."""
        for title, counts in cls.journeys.items():
            cls._logger.info(
                "%-58s %2s clicks (of %2s) %3s keys (of %3s)", title, *counts
            )

    def go(self, title, url, login, walk, clicks=None, keys=None):
        """Let a person walk, and hold what was counted against the target.

        :param walk: called with the :class:`Person`
        :param clicks: at most; without, they are not counted
        :param keys: at most; without, they are what has to be typed
        """
        people = []

        def start(*args, **kwargs):
            people.append(Person(walk, *args, **kwargs))
            return people[0]

        with patch.object(odoo.tests.common, "ChromeBrowser", start):
            self.browser_js(url, "", login=login)
        self.env.invalidate_all()
        (person,) = people
        if clicks is not None:
            self.journeys[title] = (
                person.clicks,
                clicks,
                person.keys,
                "-" if keys is None else keys,
            )
            self.assertLessEqual(person.clicks, clicks, f"clicks: {title}")
        if keys is not None:
            self.assertLessEqual(person.keys, keys, f"keys: {title}")
        return person
