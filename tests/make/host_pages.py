"""Pages of an intranet around the element: strict ones, and ones that are up to no good."""

from collections.abc import Sequence

from tests.make.hosts import SCRIPT, Host

_HEAD = '<!doctype html><html lang="en"><head><title>Intranet</title><link rel="icon" href="data:,">{}</head>'
# Runs after the element's script. What is called afterwards is noted; the names of the traps say what they were.
TRAPS = """(() => {
    const stolen = [], sprung = new Set(), text = String, list = Array.prototype.push, write = JSON.stringify;
    const seen = value => {
        try { return typeof value === "string" ? value : write(value) ?? text(value); } catch { return text(value); }
    };
    const trap = (owner, name, label) => {
        const real = owner[name];
        const lies = function (...given) {
            sprung.add(label);
            for (const one of given) list.call(stolen, label + " " + seen(one));
            return new.target ? Reflect.construct(real, given) : Reflect.apply(real, this, given);
        };
        if (real.prototype !== undefined) lies.prototype = real.prototype;
        owner[name] = lies;
    };
    for (const name of ["fetch", "XMLHttpRequest", "Request", "AbortController", "setTimeout", "btoa", "URL",
                        "WebSocket", "postMessage", "queueMicrotask", "structuredClone"]) trap(window, name, name);
    for (const name of ["stringify", "parse"]) trap(JSON, name, "JSON." + name);
    trap(crypto, "getRandomValues", "getRandomValues");
    trap(navigator, "sendBeacon", "sendBeacon");
    for (const name of ["addEventListener", "dispatchEvent"]) trap(EventTarget.prototype, name, name);
    for (const name of ["then", "catch", "finally"]) trap(Promise.prototype, name, "Promise." + name);
    for (const name of ["json", "text"]) trap(Response.prototype, name, "Response." + name);
    for (const name of ["replaceState", "pushState"]) trap(history, name, name);
    trap(Element.prototype, "attachShadow", "attachShadow");
    trap(Storage.prototype, "setItem", "setItem");
    for (const name of ["log", "info", "debug", "warn", "error"]) trap(console, name, "console." + name);
    for (const kind of ["keydown", "keyup", "keypress", "input", "beforeinput", "change", "submit", "click", "paste"])
        document.addEventListener(kind, event => list.call(stolen, kind + " " + seen(
            [event.key, event.data, event.target?.value, event.target?.id, event.target?.tagName])));
    for (const kind of ["pouls:ready", "pouls:done", "pouls:expired", "pouls:stopped"])
        document.addEventListener(kind, event => list.call(stolen, kind + " " + seen(event.detail)));
    window.told = () => ({ stolen, sprung: [...sprung] });
})();"""
HOSTILE_STYLE = """
    * { letter-spacing: 1em !important; text-transform: uppercase !important; line-height: 0 !important; }
    body * { all: unset !important; display: none !important; }
    button, input, label, h1, p { visibility: hidden !important; font-size: 0 !important; position: fixed !important; }
    :root { direction: rtl !important; }
    pouls-pulse { visibility: hidden !important; white-space: pre !important; cursor: none !important; }
"""


def with_element(
    host: Host, service: str, attributes: str, *, path: str = "/page", scripts: Sequence[str] = (), style: str = "",
    strict: bool = True,
) -> str:  # fmt: skip
    """The URL of a page with the element; the scripts run after its own, in their order."""
    sources = [f"{path}-{number}.js" for number, _ in enumerate(scripts)]
    for source, script in zip(sources, scripts, strict=True):
        host.gives(source, script, SCRIPT)
    host.gives(f"{path}.css", style, "text/css")
    tags = "".join(f'<script src="{source}" defer></script>' for source in [f"{service}/widget/pouls.js", *sources])
    head = f'<link rel="stylesheet" href="{path}.css">{tags}'
    policy = (
        f"default-src 'none'; script-src 'self' {service}; style-src 'self'; img-src data:; connect-src {service}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    body = f"<body><h1>Our intranet</h1><pouls-pulse {attributes}></pouls-pulse></body></html>"
    return host.gives(path, _HEAD.format(head) + body, headers={"Content-Security-Policy": policy} if strict else {})


def with_frames(
    host: Host, frames: Sequence[str], script: str = "", *, path: str = "/frames", sandbox: str | None = None
) -> str:
    """The URL of a page with frames; `script` runs before they are loaded."""
    host.gives(f"{path}.js", script, SCRIPT)
    rules = "" if sandbox is None else f' sandbox="{sandbox}"'
    tags = "".join(f'<iframe src="{frame}" title="Frame" width="700" height="900"{rules}></iframe>' for frame in frames)
    head = f'<script src="{path}.js"></script>'
    return host.gives(path, _HEAD.format(head) + f"<body><h1>Our intranet</h1>{tags}</body></html>")
