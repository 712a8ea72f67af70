/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the HTML report looks: the style sheet, and the three shapes of the verdict, which say the
 * same as their colours. The page forbids every other style by its hash, which
 * tests/check_reports.py compares with the sheet.
 */
#ifndef EG_CLI_REPORT_STYLE_H
#define EG_CLI_REPORT_STYLE_H

#define EG_REPORT_STYLE_HASH "sha256-0mwrLZ0JgRQ8Y9+H8Yvx7CYytU4UovelPTlqbQ8563w="

#define EG_REPORT_STYLE \
    "*{box-sizing:border-box}" \
    "body{margin:0;background:#eef1f4;color:#1b1f24;overflow-wrap:anywhere;font:16px/1.6 " \
    "\"Segoe UI\",\"Yu Gothic UI\",Meiryo,\"Hiragino Sans\",IPAPGothic,sans-serif}" \
    "main{max-width:60em;margin:0 auto;padding:1.5em;background:#fff;min-height:100vh}" \
    "h1{font-size:1em;font-weight:600;color:#4c5661;margin:0 0 1em}" \
    "h2{font-size:1.25em;margin:2em 0 .6em;padding-bottom:.2em;border-bottom:2px solid #d5dae0}" \
    "h3{font-size:1.1em;margin:0 0 .4em}" \
    "h4{font-size:1em;margin:.8em 0 .2em}" \
    "p{margin:.4em 0}" \
    "ul,ol{margin:.3em 0;padding-left:1.6em}" \
    "code{font:.9em/1.5 Consolas,\"MS Gothic\",IPAGothic,monospace;white-space:pre-wrap;" \
    "display:block;overflow:hidden}" \
    ".verdict{display:flex;gap:1.2em;align-items:center;padding:1.2em;border:3px solid;" \
    "border-radius:8px}" \
    ".verdict svg{flex:none;width:5.5em;height:5.5em}" \
    ".verdict strong{display:block;font-size:2em;line-height:1.25}" \
    ".nothing_found{border-color:#1a7f37;background:#f0faf3}" \
    ".nothing_found strong{color:#116329}" \
    ".suspicious{border-color:#c62828;background:#fdf2f2}" \
    ".suspicious strong{color:#a31515}" \
    ".could_not_look{border-color:#b26a00;background:#fff8eb}" \
    ".could_not_look strong{color:#7a4a00}" \
    ".now{margin:1.2em 0;padding:.8em 1.2em;border-left:8px solid #c62828;background:#fdf2f2}" \
    ".now h2{margin:0;border:0;padding:0}" \
    ".now li{font-size:1.1em;font-weight:600}" \
    "table{border-collapse:collapse;width:100%;margin:.6em 0}" \
    "th,td{padding:.35em .6em;border-bottom:1px solid #e1e5ea;text-align:left;" \
    "vertical-align:top}" \
    ".facts th{width:13em;font-weight:600;color:#4c5661}" \
    ".facts{margin-top:1.4em}" \
    ".numbers td+td,.numbers th+th{text-align:right;white-space:nowrap}" \
    ".numbers .not_asked{color:#5a6470}" \
    ".card{margin:1em 0;padding:1em 1.2em;border:1px solid #d5dae0;border-left-width:8px;" \
    "border-radius:6px}" \
    ".card.critical,.card.high{border-left-color:#c62828}" \
    ".card.medium{border-left-color:#b26a00}" \
    ".card.low,.card.informational{border-left-color:#5a6470}" \
    ".level{display:inline-block;margin-left:.6em;padding:0 .6em;border:1px solid;" \
    "border-radius:1em;font-size:.8em;font-weight:600;white-space:nowrap}" \
    ".critical .level,.high .level{color:#a31515}" \
    ".medium .level{color:#7a4a00}" \
    ".low .level,.informational .level{color:#4c5661}" \
    ".advice{padding:.5em .8em;background:#eef4fb;border-radius:4px}" \
    ".chain{list-style:none;padding:0}" \
    ".chain li{position:relative;padding:.1em 0 .5em 1.8em;border-left:2px solid #aab3bd;" \
    "margin-left:.7em}" \
    ".chain li:last-child{border-left-color:transparent}" \
    ".chain li::before{content:\"\";position:absolute;left:-.5em;top:.55em;width:.8em;" \
    "height:.8em;border-radius:50%;background:#fff;border:2px solid #4c5661}" \
    ".chain li.marked::before{border-radius:0;background:#c62828;border-color:#c62828;" \
    "transform:rotate(45deg)}" \
    ".chain small{color:#4c5661}" \
    ".chain b{color:#a31515;font-size:.85em;margin-left:.5em}" \
    ".why{color:#4c5661;font-size:.9em}" \
    "details{margin:.6em 0}" \
    "summary{cursor:pointer;color:#0a4fa3}" \
    "dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1em 1em;margin:.5em 0;" \
    "padding:.6em 0;border-top:1px dotted #aab3bd;font-size:.9em}" \
    "dt{font-weight:600;color:#4c5661;max-width:14em}" \
    "dd{margin:0;min-width:0}" \
    ".old{color:#a31515;font-weight:600}" \
    "footer{margin-top:2.5em;color:#4c5661;font-size:.85em}" \
    "@media(max-width:40em){main{padding:1em}.verdict{flex-direction:column;text-align:center}" \
    ".facts th{width:8em}dl{grid-template-columns:minmax(0,1fr)}" \
    ".numbers td+td,.numbers th+th{white-space:normal}}" \
    "@page{size:A4;margin:14mm}" \
    "@media print{body{background:#fff;font-size:10.5pt}main{max-width:none;padding:0}" \
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}" \
    ".verdict,.now,.chain li,tr,dl{break-inside:avoid}h2,h3{break-after:avoid}" \
    ".technical:not([open]){display:none}}"

/* A circle with a tick, a triangle with an exclamation mark, a square with a question mark. */
#define EG_REPORT_SHAPE_NOTHING_FOUND \
    "<svg viewBox=\"0 0 100 100\" aria-hidden=\"true\"><circle cx=\"50\" cy=\"50\" r=\"46\" " \
    "fill=\"#1a7f37\"/><path d=\"M28 52l15 16 30-36\" fill=\"none\" stroke=\"#fff\" " \
    "stroke-width=\"10\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>"
#define EG_REPORT_SHAPE_SUSPICIOUS \
    "<svg viewBox=\"0 0 100 100\" aria-hidden=\"true\"><path d=\"M50 6L97 92H3z\" " \
    "fill=\"#c62828\" stroke=\"#c62828\" stroke-width=\"6\" stroke-linejoin=\"round\"/>" \
    "<path d=\"M50 36v28\" stroke=\"#fff\" stroke-width=\"10\" stroke-linecap=\"round\"/>" \
    "<circle cx=\"50\" cy=\"79\" r=\"6\" fill=\"#fff\"/></svg>"
#define EG_REPORT_SHAPE_COULD_NOT_LOOK \
    "<svg viewBox=\"0 0 100 100\" aria-hidden=\"true\"><rect x=\"6\" y=\"6\" width=\"88\" " \
    "height=\"88\" rx=\"10\" fill=\"#b26a00\"/><path d=\"M35 40c0-22 31-20 31-1 0 13-16 13-16 " \
    "26\" fill=\"none\" stroke=\"#fff\" stroke-width=\"9\" stroke-linecap=\"round\"/>" \
    "<circle cx=\"50\" cy=\"79\" r=\"6\" fill=\"#fff\"/></svg>"

#endif
