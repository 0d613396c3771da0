"""The page around the element: for a frame in an intranet, a link in an e-mail, or the screen of a kiosk. Pure.

Its policy lets it load its one script and call this service, and nothing else; nothing of it is the caller's.
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from service.widget.script import Script

_STYLE = (
    ":root{color-scheme:light dark}body{margin:0}pouls-pulse{max-width:46rem;margin:clamp(0px,3vw,2rem) auto}"
    "noscript p{font:1rem/1.5 system-ui,sans-serif;margin:1.5rem}"
)
_STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
_TITLES = {"en": "Survey", "fr": "Questionnaire"}
_WITHOUT_SCRIPT = (
    '<p lang="en">This page needs JavaScript: your answers go from your browser straight to the service.</p>'
    '<p lang="fr">Cette page a besoin de JavaScript\u00a0: vos réponses vont directement de votre navigateur au '
    "service du questionnaire.</p>"
)


def page(
    address: str,
    script: Script,
    origins: Sequence[str],
    spoken: str,
    *,
    language: str | None,
    theme: str | None,
    kiosk: bool,
) -> bytes:
    """The page of a wave.

    Args:
        address: of the wave.
        script: what the page runs.
        origins: from whose pages a code may come by message.
        spoken: the language of the page's own few words: "en" or "fr".
        language: of the questionnaire, where one was asked for; else the browser says.
        theme: "light" or "dark", where one was asked for; else the person's.
        kiosk: whether short codes are typed, one person after another.
    """
    attributes = {"wave": address, "origins": " ".join(origins)}
    attributes |= {"kiosk": ""} if kiosk else {"from": "fragment message"}
    attributes |= {"language": language} if language else {}
    attributes |= {"theme": theme} if theme else {}
    told = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return (
        f'<!doctype html>\n<html lang="{spoken}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{_TITLES[spoken]}</title>\n<style>{_STYLE}</style>\n"
        f'<script src="../widget/pouls.js?version={script.version}" defer></script>\n'
        f"</head>\n<body>\n<main><pouls-pulse{told}></pouls-pulse></main>\n"
        f"<noscript>{_WITHOUT_SCRIPT}</noscript>\n</body>\n</html>\n"
    ).encode()


def headers(origins: Sequence[str]) -> dict[str, str]:
    """What the page is sent with; it may be framed by these origins, and by this service's own pages."""
    policy = (
        "default-src 'none'", "script-src 'self'", f"style-src '{_STYLE_HASH}'", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
        " ".join(["frame-ancestors 'self'", *origins]),
    )  # fmt: skip
    return {
        "Content-Security-Policy": "; ".join(policy),
        # Not even as the page that one comes back to: at a kiosk somebody else would.
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Vary": "Accept-Language",
    }
