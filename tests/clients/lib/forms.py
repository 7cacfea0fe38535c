"""A browser without eyes: fetches the server's pages, fills their forms, and stops where they redirect to an app.

Standard library only, so that every tool's own environment can use it.
"""

import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar


@dataclass
class Form:
    """Where a form posts to, and its controls as (tag, attributes)."""

    action: str
    method: str
    controls: list = field(default_factory=list)

    def names(self):
        return {attributes.get("name") for _, attributes in self.controls}

    def values(self, name):
        return [attributes.get("value", "on") for _, attributes in self.controls if attributes.get("name") == name]

    def data(self, choices):
        """What a browser would send: the fields as found, with `choices` in place of those that they name."""
        pairs = [(attributes["name"], attributes.get("value", "on" if ticks(attributes) else ""))
                 for tag, attributes in self.controls
                 if attributes.get("name") and attributes["name"] not in choices and sent(tag, attributes)]
        for name, value in choices.items():
            pairs += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return pairs


def ticks(attributes):
    return attributes.get("type") in ("checkbox", "radio")


def sent(tag, attributes):
    if tag == "button" or attributes.get("type") in ("submit", "button", "image", "reset"):
        return False
    return "checked" in attributes or not ticks(attributes)


class Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []
        self.open = None

    def handle_starttag(self, tag, attributes):
        attributes = {name: value if value is not None else "" for name, value in attributes}
        if tag == "form":
            self.open = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            self.forms.append(self.open)
        elif tag in ("input", "button", "select", "textarea") and self.open:
            self.open.controls.append((tag, attributes))

    def handle_endtag(self, tag):
        if tag == "form":
            self.open = None


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """One user's session with the pages. `url` and `forms` are of the page that is shown."""

    def __init__(self, server):
        self.server = server
        self.opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPCookieProcessor(CookieJar()))
        self.url = ""
        self.forms = []

    def open(self, url, data=None):
        """Follows redirects while they stay on the server; returns the URL that leaves it, or None at a page."""
        while True:
            status, headers, body = self.fetch(urllib.request.Request(url, data=data, headers={"Accept": "text/html"}))
            if not 300 <= status < 400:
                break
            url, data = urllib.parse.urljoin(url, headers["Location"]), None
            if not url.startswith(f"{self.server}/"):
                return url
        parser = Forms()
        parser.feed(body)
        self.url, self.forms, self.status, self.body = url, parser.forms, status, body
        return None

    def fetch(self, request):
        try:
            with self.opener.open(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()

    def submit(self, **choices):
        """Sends the form that has the fields of `choices` (and, where one is a choice among values, this value)."""
        form = next((form for form in self.forms if self.fits(form, choices)), None)
        if form is None:
            raise AssertionError(f"no form with {sorted(choices)} at {self.url} (status {self.status}):\n{self.body[:2000]}")
        action = urllib.parse.urljoin(self.url, form.action)
        encoded = urllib.parse.urlencode(form.data(choices))
        if form.method == "post":
            return self.open(action, encoded.encode())
        return self.open(f"{action.partition('?')[0]}?{encoded}")

    def fits(self, form, choices):
        chosen = {name: value for name, value in choices.items() if name in ("patient", "decision")}
        return set(choices) <= form.names() and all(value in form.values(name) for name, value in chosen.items())

    def approve(self, url, user, patient=None):
        """From an authorization request to the redirect that the app gets: sign in, choose, allow."""
        self.open(url)
        self.submit(username=user["username"], password=user["password"])
        if patient:
            self.submit(patient=patient)
        returned = self.submit(decision="allow")
        if returned is None:
            raise AssertionError(f"no redirect to the app but a page at {self.url} (status {self.status}):\n{self.body[:2000]}")
        return returned
