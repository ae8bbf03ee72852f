/** The HTML report's looks: light and dark by the reader's choice, and black on white on paper. */
export const style = `
:root { --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --wash: #f6f8fa; --page: #fff; --bad: #b3261e;
  --aws: #c2660a; --azure: #0f6cbd; --gcp: #1a7f37; --kubernetes: #6b4fbb; --mock: #6e7781; --other: #9a3b6b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --wash: #151b23;
  --page: #0d1117; --bad: #ff8a80; --aws: #e8964a; --azure: #5aa9f0; --gcp: #4cb86a; --kubernetes: #a48be8;
  --mock: #9198a1; --other: #d67ba8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 64px; max-width: 1240px; color: var(--ink); background: var(--page);
  font: 14px/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 24px; margin: 0; } header p { margin: 4px 0 0; color: var(--soft); }
h2 { font-size: 17px; margin: 36px 0 6px; } h2 + p { margin: 0 0 10px; color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 10px; list-style: none; margin: 20px 0; padding: 0; }
.figures li { padding: 10px 16px; border: 1px solid var(--line); border-radius: 6px; background: var(--wash); color: var(--soft); }
.figures b { display: block; font-size: 22px; line-height: 1.2; color: var(--ink); }
.fault { padding: 12px 16px; border: 2px solid var(--bad); border-radius: 6px; color: var(--bad); font-weight: 600; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td code { white-space: nowrap; }
small { display: block; color: var(--soft); font-size: 12px; }
code { font: 12px/1.5 ui-monospace, Consolas, "DejaVu Sans Mono", monospace; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: 12px; margin-top: 6px; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 11px; } svg line { stroke: var(--line); }
.area { fill: var(--azure); fill-opacity: .25; stroke: var(--azure); stroke-width: 1.5; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 4px 0 10px; }
${['aws', 'azure', 'gcp', 'kubernetes', 'mock', 'other']
  .map((name) => `.${name} { fill: var(--${name}); background: var(--${name}); }`)
  .join('\n')}
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --wash: #fff; --page: #fff; --bad: #a00; color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10px; } small, code, figcaption { font-size: 8.5px; }
  h2 { break-after: avoid; } tr, figure { break-inside: avoid; } thead { display: table-header-group; }
  svg, .key { print-color-adjust: exact; } @page { size: A4 landscape; margin: 14mm; } }
`
