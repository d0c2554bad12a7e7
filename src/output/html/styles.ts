/** The report's styles: one page, light and dark, from phone to desktop. No address is loaded from anywhere. */
export const styles = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --ink: #171a1f; --mute: #5a6372; --line: #e2e5ea; --soft: #f0f2f5;
  --green: #137a45; --green-soft: #e3f4ea; --red: #bf2d25; --red-soft: #fdebe9; --amber: #8a5a00; --amber-soft: #fdf2d8; --gray-soft: #eceef1;
  --series-1: #2f6bd8; --series-2: #d9701f; --series-3: #8a56c9; --series-calm: #9aa5b5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #161a21; --ink: #e6e9ee; --mute: #9aa4b2; --line: #2a313b; --soft: #1d222b;
    --green: #4ac586; --green-soft: #12301f; --red: #ff7f73; --red-soft: #3a1a18; --amber: #e9b949; --amber-soft: #362a0d; --gray-soft: #252b34;
    --series-1: #6fa5ff; --series-2: #ff9d5c; --series-3: #bf97f2; --series-calm: #7f8b9c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; overflow-wrap: anywhere; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
main, header, footer { max-width: 980px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 6px; font-weight: 680; }
h2 { font-size: 20px; line-height: 1.3; letter-spacing: -0.01em; margin: 0; font-weight: 650; }
h2::first-letter, nav .name::first-letter { text-transform: uppercase; }
h3 { font-size: 15px; margin: 0 0 4px; font-weight: 650; }
p { margin: 0; }
a { color: var(--series-1); text-underline-offset: 2px; }
code, .mono { font: 0.92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.eyebrow { color: var(--mute); font-size: 12.5px; letter-spacing: 0.06em; text-transform: uppercase; font-weight: 600; }
.lead { color: var(--mute); font-size: 16px; }
.chip { display: inline-flex; align-items: center; gap: 6px; padding: 2px 10px; border-radius: 999px; font-size: 13px; font-weight: 620; white-space: nowrap; vertical-align: middle; }
.green { color: var(--green); background: var(--green-soft); }
.red { color: var(--red); background: var(--red-soft); }
.inconclusive { color: var(--amber); background: var(--amber-soft); }
.skipped { color: var(--mute); background: var(--gray-soft); }
h1 .chip { font-size: 16px; padding: 5px 14px; margin-left: 8px; letter-spacing: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 22px 24px; margin: 20px 0; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 16px 28px; margin: 0; }
dl.facts dt { color: var(--mute); font-size: 12.5px; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
nav ol { list-style: none; margin: 22px 0 0; padding: 0; display: grid; grid-template-columns: repeat(6, 1fr); gap: 10px; }
nav li { min-width: 0; }
nav a, nav .absent { display: block; height: 100%; padding: 11px 14px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: inherit; text-decoration: none; }
nav a:hover, nav a:focus-visible { border-color: var(--series-1); }
nav .name { display: block; font-weight: 620; }
nav .took { color: var(--mute); font-size: 12.5px; }
nav .verdict { font-size: 13px; font-weight: 620; background: none; display: block; }
.problems { border-left: 4px solid var(--red); }
.problems li { margin: 10px 0 0; }
.problems ul { margin: 8px 0 0; padding-left: 20px; }
.stage-head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; margin-bottom: 4px; }
.stage-head .took { color: var(--mute); font-size: 13px; margin-left: auto; }
.summary { color: var(--mute); margin-bottom: 14px; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 550; color: var(--mute); font-size: 12.5px; padding: 6px 16px 6px 0; border-bottom: 1px solid var(--line); }
td { padding: 9px 16px 9px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
td:last-child, th:last-child { padding-right: 0; }
.findings { table-layout: fixed; }
.findings th:nth-child(1) { width: 46%; }
.findings th:nth-child(2) { width: 29%; }
.findings td:nth-child(1) { padding-left: 1.5em; text-indent: -1.5em; }
.findings .sign { display: inline-block; width: 1.5em; text-indent: 0; font-weight: 700; background: none; }
.findings .why { margin: 4px 0 0; text-indent: 0; color: var(--ink); font-size: 13.5px; }
.findings .fix { margin: 2px 0 0; text-indent: 0; font-size: 13.5px; color: var(--mute); }
.findings .fix b { color: var(--ink); }
.expected { color: var(--mute); }
.scroll { overflow-x: auto; }
.figures td, .figures th { white-space: nowrap; overflow-wrap: normal; text-align: right; }
.figures td:first-child, .figures th:first-child { text-align: left; }
details { margin-top: 18px; }
summary { cursor: pointer; color: var(--mute); font-size: 13.5px; }
details[open] summary { margin-bottom: 8px; }
figure.chart { margin: 26px 0 0; }
figcaption { margin-bottom: 10px; font-size: 13.5px; color: var(--mute); }
figcaption strong { display: block; color: var(--ink); font-size: 15px; font-weight: 650; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 4px; padding: 0; font-size: 12.5px; }
.legend li { display: flex; align-items: center; gap: 6px; }
.swatch { width: 14px; height: 8px; border-radius: 3px; }
.film-name { color: var(--mute); font-size: 13px; margin: 10px 0 4px; }
.film { list-style: none; display: flex; gap: 8px; margin: 0; padding: 0 0 6px; overflow-x: auto; }
.film li { flex: 1 0 84px; max-width: 150px; text-align: center; }
.film img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; background: #fff; }
.film span { color: var(--mute); font-size: 12px; }
.drawing svg { display: block; width: 100%; height: auto; }
.drawing .narrow { display: none; }
footer { color: var(--mute); font-size: 13px; padding-top: 8px; padding-bottom: 48px; }
@media (max-width: 860px) { nav ol { grid-template-columns: repeat(3, 1fr); } }
@media (max-width: 640px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; }
  header { padding-top: 24px; }
  h1 { font-size: 25px; }
  h1 .chip { font-size: 14px; }
  .card { padding: 18px 16px; border-radius: 12px; }
  dl.facts { grid-template-columns: 1fr; gap: 10px; }
  nav ol { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .stage-head .took { margin-left: 0; }
  .drawing .wide { display: none; }
  .drawing .narrow { display: block; }
  .findings thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .findings tr { display: block; padding: 10px 0; border-bottom: 1px solid var(--line); }
  .findings tr:last-child { border-bottom: 0; }
  .findings td, .findings td:nth-child(1) { display: block; width: auto; padding: 0 0 0 1.6em; border: 0; }
  .findings td.value { margin: 2px 0 0; }
  .findings td.value::before { content: attr(data-label) " "; color: var(--mute); font-size: 12.5px; }
}
@media print { body { background: none; } .card { break-inside: avoid; } }
`;
