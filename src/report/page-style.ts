type Palette = { readonly [variable: string]: string }

/** Ink on paper; blue against ochre and grey stays apart for every kind of colour vision. */
const LIGHT: Palette = {
  paper: '#fdfcfa',
  card: '#ffffff',
  ink: '#22262b',
  soft: '#4c545d',
  muted: '#666e78',
  rule: '#e2dfd9',
  grid: '#eceae5',
  'line-1': '#1f5fa8',
  'line-2': '#8d939b',
  'line-3': '#b9791a',
  'line-4': '#2a8c82',
  'line-5': '#8a5a9e',
  take: '#1f5fa8',
  reduce: '#8fb8e6',
  skip: '#d3d6da',
  rate: '#b9791a',
  mark: '#b4462f',
  span: '#b4462f1f',
  band: '#1f5fa81f',
  good: '#2c7a4b',
  neutral: '#7a828c',
  bad: '#b4462f',
}

const DARK: Palette = {
  paper: '#15181c',
  card: '#1b1f24',
  ink: '#e6e4df',
  soft: '#bdc1c6',
  muted: '#979fa9',
  rule: '#31363d',
  grid: '#272c32',
  'line-1': '#7fb5f2',
  'line-2': '#8b929b',
  'line-3': '#dfa650',
  'line-4': '#5bbcb0',
  'line-5': '#c294d6',
  take: '#5f9ee6',
  reduce: '#34608f',
  skip: '#41474f',
  rate: '#dfa650',
  mark: '#ea8268',
  span: '#ea826826',
  band: '#7fb5f22b',
  good: '#63b985',
  neutral: '#97a0aa',
  bad: '#ea8268',
}

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')

/**
 * The page's style: light and dark by the reader's setting, one column on narrow screens, ink on paper in print.
 * The class `on-paper` asks for the light colours, for charts that are drawn while the screen is still dark.
 */
export const PAGE_STYLE: string = `
:root{color-scheme:light;${variables(LIGHT)};
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;
--serif:"Iowan Old Style","Palatino Linotype",Palatino,"URW Palladio L",P052,"Book Antiqua",Georgia,"Noto Serif","DejaVu Serif",serif}
@media screen and (prefers-color-scheme:dark){:root:not(.on-paper){color-scheme:dark;${variables(DARK)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 var(--sans);overflow-wrap:break-word}
main{max-width:66rem;margin:0 auto;padding:3.5rem 1.5rem 5rem}
h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.2;text-wrap:balance;margin:0}
h1{font-size:clamp(1.9rem,1.4rem + 2vw,2.6rem);letter-spacing:-.01em}
h2{font-size:1.6rem;margin-bottom:.6rem}
h3{font-size:1.1rem;margin-bottom:.5rem}
p{margin:0 0 1rem}
a{color:var(--line-1);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--line-1);outline-offset:3px}
.subtitle{color:var(--muted);font-size:1.1rem;margin:.5rem 0 0;max-width:44rem}
.verdict{--tone:var(--neutral);margin:2rem 0 0;padding:1.1rem 1.4rem 1.2rem;background:var(--card);border:1px solid var(--rule);border-left:4px solid var(--tone);border-radius:6px}
.verdict.good{--tone:var(--good)}
.verdict.bad{--tone:var(--bad)}
.verdict h2{font-size:1.3rem;margin:0 0 .35rem;color:var(--tone)}
.verdict.neutral h2{color:var(--ink)}
.verdict p{margin:0;max-width:46rem}
nav{margin:1.5rem 0 0;font-size:.95rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin:0;padding:0}
section{margin-top:3.5rem;padding-top:2.2rem;border-top:1px solid var(--rule)}
.intro{max-width:44rem;color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:2.4rem 2.2rem;margin-top:2rem}
figure{margin:0;min-width:0}
figure.wide{grid-column:1/-1}
figcaption,.key,.empty,details{font-size:.875rem;line-height:1.5;color:var(--muted)}
figcaption{margin-top:.5rem;max-width:46rem}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.3rem 0 0}
.key span{display:inline-flex;align-items:center;gap:.45rem}
.sign{display:inline-block;width:14px;height:14px;flex:none}
.sign.mark{width:0;margin:0 6px;border-left:2px dashed var(--mark)}
.sign.span{background:var(--span);border-radius:2px}
.sign.band{background:var(--band);border-radius:2px}
.sign.whisker{width:0;margin:0 6px;border-left:1.5px solid var(--line-1)}
.empty{padding:1.2rem;border:1px dashed var(--rule);border-radius:6px;text-align:center;margin:0}
details{margin-top:.35rem}
summary{cursor:pointer;width:fit-content}
details .scroll{margin:.3rem 0 .6rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;line-height:1.4;font-variant-numeric:tabular-nums}
.metrics table{width:100%;font-size:.95rem}
thead th{font-weight:500;color:var(--muted);font-size:.85em;vertical-align:bottom;text-align:left;border-bottom:1px solid var(--rule)}
tbody th{font-weight:400;text-align:left}
th,td{padding:.45rem 1.1rem .45rem 0;vertical-align:top}
th:last-child,td:last-child{padding-right:0}
tr.bad th,tr.bad td:nth-child(2){color:var(--bad)}
tr.good th,tr.good td:nth-child(2){color:var(--good)}
.table table{width:100%}
.table td{color:var(--soft)}
tbody tr+tr>*{border-top:1px solid var(--grid)}
.number,thead .number{text-align:right;white-space:nowrap}
thead .number{white-space:normal}
.metrics td:nth-child(2){font-weight:600;color:var(--ink)}
.metrics td{color:var(--soft)}
.metrics tbody th{min-width:9rem}
.metrics td:last-child:not(.number){color:var(--muted);font-size:.875rem;min-width:12rem}
.bars{width:100%;table-layout:auto}
.bars th,.bars td{padding:.2rem 1rem .2rem 0;vertical-align:middle;border:0!important}
.bars th{white-space:nowrap;max-width:min(22rem,44vw);overflow:hidden;text-overflow:ellipsis}
.bars .bar{width:100%;min-width:5rem}
.bars svg{display:block}
.bars .above{fill:var(--take)}
.bars .below{fill:var(--mark)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.notes ol{margin:0;padding-left:1.3rem;max-width:46rem;color:var(--soft)}
.notes li{margin-bottom:.5rem;padding-left:.3rem}
.tip{font-size:.875rem;color:var(--muted);margin:1.5rem 0 0}
.chart.time{min-height:320px}
.chart.calibration,.chart.confidence,.chart.share{min-height:340px}
.uplot{width:100%;font-family:var(--sans);display:flex;flex-direction:column}
.uplot .u-legend{order:-1;display:block;margin:0 0 .4rem;font-size:.8125rem;line-height:1.4;color:var(--soft)}
.uplot .u-legend tbody{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem}
.uplot .u-inline tr{display:inline-flex;align-items:center;margin:0}
.uplot .u-series>*{padding:0;border:0}
.uplot .u-legend th{font-weight:400;display:inline-flex;align-items:center}
.uplot .u-legend .u-marker{width:16px;height:0;border-bottom:0!important;border-radius:0;margin-right:.45rem}
.uplot .u-series:first-child .u-marker,.uplot .lineless .u-marker{display:none}
.uplot .valueless th::after{content:none!important}
.uplot .valueless .u-value{display:none}
.uplot .u-value{font-weight:600;margin-left:.35rem;min-width:4.5ch;text-align:left;font-variant-numeric:tabular-nums}
.time .u-series:first-child .u-value{min-width:10ch}
.confidence .u-series:nth-child(2){order:3}
.confidence .u-series:nth-child(3){order:2}
.confidence .u-series:nth-child(4){order:1}
.confidence .u-series:nth-child(5){order:4}
.confidence .u-marker{height:12px!important;border-radius:2px!important}
.confidence .u-series:last-child .u-marker{height:0!important}
.confidence .u-series,.calibration .u-series{pointer-events:none}
.uplot .u-cursor-x,.uplot .u-cursor-y{border-color:var(--muted)!important;opacity:.6}
@media (max-width:52rem){main{padding:2rem 1.1rem 3rem}.figures{grid-template-columns:minmax(0,1fr)}section{margin-top:2.5rem;padding-top:1.6rem}}
@media (max-width:34rem){.time .u-series:first-child{width:100%}}
@media print{@page{margin:16mm 14mm}body{background:none;font-size:10.5pt}main{max-width:none;padding:0}section{break-before:auto}
figure,.verdict,tr{break-inside:avoid}h2,h3{break-after:avoid}.tip,nav,details:not([open]){display:none}.scroll{overflow:visible}a{color:inherit}}
`
