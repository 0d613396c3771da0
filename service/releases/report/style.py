"""The style of a report's page: light, dark, forced colours, and paper. Pure.

Contrast of text is 4.5 or more in each; nothing is told by colour alone.
"""

from service.releases.report.charts.palette import DARK, LIGHT, Palette, rules


def _variables(palette: Palette) -> str:
    return (
        f"--page:{palette.page};--ink:{palette.ink};--soft:{palette.soft};--line:{palette.line};--hatch:{palette.hatch}"
    )


_SCREEN = (
    f":root{{color-scheme:light dark;{_variables(LIGHT)}}}"
    "body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0}"
    "header,main{max-width:52rem;margin:0 auto;padding:1rem 1.5rem}"
    "h1{font-size:1.75rem;line-height:1.2;margin:1rem 0 .25rem}"
    "h2{font-size:1.35rem;margin:2.5rem 0 .5rem;border-bottom:2px solid var(--line);padding-bottom:.25rem}"
    "h3{font-size:1.05rem;margin:1.75rem 0 .25rem}"
    ".subtitle{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;color:var(--soft)}"
    ".note{color:var(--soft);font-size:.9rem;max-width:44rem}"
    ".skip{position:absolute;left:-999rem}.skip:focus{left:1rem;top:1rem;background:var(--page);color:var(--ink);"
    "padding:.5rem 1rem;outline:2px solid var(--ink)}"
    ".picture{margin:1rem 0}.picture svg{display:block;width:100%;height:auto}"
    ".scrolls{overflow-x:auto;margin:1rem 0}.scrolls:focus-visible{outline:2px solid var(--ink);outline-offset:2px}"
    "table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}"
    "caption{text-align:start;color:var(--soft);padding-bottom:.25rem}"
    "th,td{border-bottom:1px solid var(--line);padding:.35rem .5rem;text-align:end;vertical-align:top}"
    "th{font-weight:600}th[scope=row],thead th:first-child{text-align:start}th[scope=row]{font-weight:400}"
    "td.withheld{text-align:center;background:repeating-linear-gradient(45deg,transparent 0 4px,var(--hatch) 4px 5px),"
    "repeating-linear-gradient(-45deg,transparent 0 4px,var(--hatch) 4px 5px)}"
    "td.withheld span{background:var(--page);padding:0 .4rem;white-space:nowrap}"
    "dt{font-weight:600;margin-top:.5rem}dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace;"
    "font-size:.875rem}"
)
_DARK = f"@media (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}{rules(DARK)}}}"
_FORCED = (
    "@media (forced-colors:active){"
    "svg{forced-color-adjust:none;background:Canvas}"
    "svg [class^=fill-]{fill:CanvasText}svg rect[class^=fill-],svg .fill-page{fill:Canvas}"
    "svg [class^=stroke-]{stroke:CanvasText}svg pattern rect{fill:Canvas}svg pattern circle{fill:CanvasText}"
    "td.withheld{border:1px dashed CanvasText}}"
)
_PAPER = (
    f"@media print{{@page{{size:A4;margin:18mm}}:root{{color-scheme:light;{_variables(LIGHT)}}}{rules(LIGHT)}"
    "body{font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "header,main{max-width:none;padding:0}.skip{display:none}.scrolls{overflow:visible}"
    "h2,h3{break-after:avoid}.picture,tr{break-inside:avoid}.new-page{break-before:page}}"
)
STYLE = _SCREEN + _DARK + _FORCED + _PAPER
