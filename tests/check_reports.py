#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check reports with other eyes: the pages in a browser (no script runs, nothing is fetched, nothing is wider than the
page or the sheet of paper), the JSON by a strict reader and against the table of docs/check-report.md.

usage: check_reports.py [TEST PROGRAM] [--keep FOLDER]: --keep leaves pages, pictures and printed sheets there
"""

import base64
import hashlib
import html.parser
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from checklib import ROOT, report
from tools import BUILD

TESTS = BUILD / "native/tests/emoguard-tests"
SAMPLES = ("clean", "no_rights", "infected", "hostile")
DOCUMENT = ROOT / "docs/check-report.md"
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "div", "svg", "circle",
            "path", "rect", "strong", "p", "section", "ol", "ul", "li", "table", "tr", "th", "td", "bdi", "span", "br",
            "details", "summary", "dl", "dt", "dd", "code", "small", "b", "footer"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "colspan", "aria-hidden", "viewbox",
              "cx", "cy", "r", "d", "x", "y", "width", "height", "rx", "fill", "stroke", "stroke-width",
              "stroke-linecap", "stroke-linejoin"}
VOID = {"meta", "br"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_SECONDS = 60


class Page(html.parser.HTMLParser):
    """Reads a page as a browser does; notes what must not be in it, and elements left open."""

    def __init__(self, text):
        super().__init__()
        self.problems, self.open, self.style, self.policy = [], [], "", ""
        self.feed(text)
        self.close()
        self.problems += [f"<{name}> is left open" for name in self.open]

    def handle_starttag(self, tag, attributes):
        if tag not in ELEMENTS:
            self.problems.append(f"an element <{tag}>")
        self.problems += [f"<{tag} {name}>" for name, _ in attributes if name not in ATTRIBUTES]
        if dict(attributes).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attributes)["content"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data


def make_samples(program, folder):
    environment = {**os.environ, "EMOGUARD_REPORT_FOLDER": str(folder), "TZ": "Asia/Tokyo"}
    done = subprocess.run([program, "report_file"], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"{program} report_file: {done.stdout[-500:]}"
    return ""


def pages(folder):
    """Every page as (sample, language, path): English is written first."""
    for sample in SAMPLES:
        for path in sorted(folder.glob(f"{sample}_*.html")):
            yield sample, "ja" if path.stem.endswith("_2") else "en", path


def check_markup(folder):
    problems, count = [], 0
    for sample, language, path in pages(folder):
        count += 1
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        problems += [f"{sample} {language}: {problem}" for problem in page.problems]
        wanted = "sha256-" + base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src '{wanted}'; base-uri 'none'; form-action 'none'"
        if page.policy != policy:
            problems.append(f"{sample} {language}: the policy is {page.policy!r}, not {policy!r}: "
                            "EG_REPORT_STYLE_HASH of cli/report_style.h?")
        if f'<html lang="{language}">' not in text:
            problems.append(f"{sample} {language}: in another language")
    if count != len(SAMPLES) * 2:
        problems.append(f"{count} pages")
    return "; ".join(problems)


# ---- the browser ----

class Listener:
    """Counts whoever asks for something."""

    def __init__(self):
        listener = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                listener.requests.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def browse(browser, profile, *arguments):
    """Runs the browser once, without a window; standard output."""
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--disable-background-networking", "--no-first-run", f"--user-data-dir={profile}", "--hide-scrollbars",
               *arguments]
    done = subprocess.run(command, capture_output=True, timeout=BROWSER_SECONDS, check=False)
    return done.stdout.decode("utf-8", "replace")


def measured(text, width):
    """The page in a frame `width` wide, which tells how wide it came out and what became of its title.

    The frame has the page's own markup and policy; only the page around it runs a script.
    """
    inner = json.dumps(text).replace("</", "<\\/")
    return f"""<!DOCTYPE html><meta charset="utf-8"><body><iframe id="page" width="{width}" height="900"></iframe>
<pre id="answer">waiting</pre><script>
const page = document.getElementById("page");
page.onload = () => {{
    const inside = page.contentDocument, root = inside.documentElement;
    for (const details of inside.querySelectorAll("details")) details.open = true;
    const strong = inside.querySelector(".verdict strong");
    document.getElementById("answer").textContent = JSON.stringify({{
        title: inside.title, wide: root.scrollWidth, room: root.clientWidth, scripts: inside.scripts.length,
        fetched: page.contentWindow.performance.getEntriesByType("resource").length,
        colour: getComputedStyle(strong).color, size: parseFloat(getComputedStyle(strong).fontSize)}});
}};
page.srcdoc = {inner};
</script>"""


def check_page(browser, work, text, width):
    around = work / "around.html"
    around.write_text(measured(text, width), encoding="utf-8")
    dumped = browse(browser, work / "profile", "--virtual-time-budget=5000", "--dump-dom", around.as_uri())
    found = re.search(r'<pre id="answer">(\{.*?\})</pre>', dumped)
    if not found:
        return f"the browser did not answer: {dumped[-300:]}"
    answer = json.loads(html_text(found.group(1)))
    problems = []
    if answer["wide"] > answer["room"]:
        problems.append(f"{answer['wide']} pixels wide in a window of {answer['room']}")
    if answer["scripts"] or answer["fetched"] or "PWNED" in answer["title"]:
        problems.append(f"ran or fetched something: {answer}")
    if answer["size"] < 25 or answer["colour"] == "rgb(27, 31, 36)":
        problems.append(f"its style is not applied: {answer}")
    return ", ".join(problems)


def html_text(text):
    return text.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def check_pages(browser, folder):
    problems = []
    listener = Listener()
    with tempfile.TemporaryDirectory() as work_name:
        work = Path(work_name)
        for sample, language, path in pages(folder):
            text = path.read_text(encoding="utf-8").replace("http://127.0.0.1:9/", listener.url())
            for width in (1000, 380):
                problem = check_page(browser, work, text, width)
                problems += [f"{sample} {language} at {width}: {problem}"] if problem else []
            copy = work / f"{sample}_{language}.html"
            copy.write_text(text, encoding="utf-8")
            picture = folder / f"{sample}_{language}.png"
            browse(browser, work / "profile", "--window-size=1000,1500", f"--screenshot={picture}", copy.as_uri())
            sheet = folder / f"{sample}_{language}.pdf"
            browse(browser, work / "profile", "--no-pdf-header-footer", f"--print-to-pdf={sheet}", copy.as_uri())
            for made in (picture, sheet):
                if not made.is_file() or made.stat().st_size < 5000:
                    problems.append(f"{sample} {language}: no {made.suffix} was made")
    listener.close()
    if listener.requests:
        problems.append(f"the network was asked for {listener.requests[:3]}")
    return "; ".join(problems)


# ---- JSON ----

def refuse(text):
    raise ValueError(f"{text} is no JSON")


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a member twice among {names}")
    return dict(pairs)


def documented():
    """{path: types} of the table in the documentation."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n## JSON\n")[2]
    rows = re.findall(r"^\| `([^`]+)` \| ([a-z ]+) \|", text, re.MULTILINE)
    return {path: set(types.split(" or ")) for path, types in rows}


def type_of(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "number"
    return {str: "text", list: "list", dict: "object"}[type(value)]


def compare(path, value, table, seen, problems):
    types = table.get(path)
    seen.add(path)
    if types is None:
        problems.append(f"{path} is not documented")
        return
    if "any" in types:
        return
    if type_of(value) not in types:
        problems.append(f"{path} is {type_of(value)}, documented as {' or '.join(sorted(types))}")
    if isinstance(value, dict):
        for name, member in value.items():
            compare(f"{path}.{name}" if path else name, member, table, seen, problems)
    elif isinstance(value, list):
        for member in value:
            compare(f"{path}[]", member, table, seen, problems)


def check_json(folder):
    problems, seen, table = [], set(), {**documented(), "": {"object"}}
    for sample in SAMPLES:
        found = sorted(folder.glob(f"{sample}_*.json"))
        data = found[0].read_bytes() if found else b""
        if data[:1] != b"{" or not data.endswith(b"}\n"):
            problems.append(f"{sample}: begins with {data[:4]}")
        try:
            value = json.loads(data.decode("utf-8"), parse_constant=refuse, object_pairs_hook=unique)
        except ValueError as error:
            problems.append(f"{sample}: {error}")
            continue
        compare("", value, table, seen, problems)
    problems += [f"{path} is documented, but in no sample" for path in sorted(set(table) - seen)]
    return "; ".join(problems)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--keep"]
    keep = Path(arguments.pop()) if "--keep" in sys.argv else None
    folder = keep or Path(tempfile.mkdtemp(prefix="emoguard-reports-"))
    folder.mkdir(parents=True, exist_ok=True)
    browser = next((found for found in map(shutil.which, BROWSERS) if found), None)
    good = report("check_reports.samples", make_samples(arguments[0] if arguments else TESTS, folder))
    if good:
        good &= report("check_reports.markup", check_markup(folder))
        good &= report("check_reports.json", check_json(folder))
        if browser:
            good &= report("check_reports.pages", check_pages(browser, folder))
        else:
            print("skipped check_reports.pages: no Chromium to look at them (package chromium)")
    if not keep:
        shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
