import { TradeLearnError } from '../core/errors.ts'
import { embedJson, escapeHtml } from './escape.ts'
import type { Chart } from './figure.ts'
import { PAGE_SCRIPT } from './page-script.ts'
import { PAGE_STYLE } from './page-style.ts'
import type { ReportAssets, ReportData } from './report-data.ts'
import { renderSection } from './section.ts'

/**
 * One HTML page that shows how a run went: open it from disk, mail it, print it; it needs no network.
 *
 * Everything is inside the page. Its security policy allows nothing but the two scripts and the style that this
 * function wrote, named by their SHA-256, so even text that slipped through the escaping could not run. The hashes
 * come from WebCrypto, which is why the answer is a promise.
 *
 * @throws `INVALID_INPUT` if a line's times and values do not fit, an asset could end its own element, or the
 *   browser offers no WebCrypto (it does on https and localhost)
 *
 * @example
 * ```ts
 * const html = await renderReport(data, { script, style })
 * ```
 */
export async function renderReport(data: ReportData, assets: ReportAssets): Promise<string> {
  const script = inlined('assets.script', assets.script, 'script')
  const style = inlined('assets.style', assets.style, 'style') + PAGE_STYLE
  const charts: Chart[] = []
  const sections = data.sections.map((section, i) => renderSection(section, `run-${i + 1}`, charts))
  const policy = [
    "default-src 'none'",
    `script-src ${await hashOf(script)} ${await hashOf(PAGE_SCRIPT)}`,
    `style-src ${await hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const { tone, headline, text } = data.verdict
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(data.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(data.title)}</h1>
<p class="subtitle">${escapeHtml(data.subtitle)}</p>
<div class="verdict ${tone === 'good' || tone === 'bad' ? tone : 'neutral'}" role="note">
<h2>${escapeHtml(headline)}</h2>
<p>${escapeHtml(text)}</p>
</div>
${renderContents(data)}
${charts.length > 0 ? TIP : ''}
</header>
${sections.join('\n')}
${renderNotes(data.notes)}
</main>
<script type="application/json" id="charts">${embedJson(charts)}</script>
<script>${script}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`
}

const TIP = `<p class="tip">Point at a chart to read its values. In charts over time, drag to zoom, double-click to see all again, click a name to hide its line.</p>
<noscript><p class="tip">The charts need JavaScript; the tables under them hold the numbers.</p></noscript>`

/** Links to the runs, where there is more than one. */
function renderContents({ sections }: ReportData): string {
  if (sections.length < 2) return ''
  const links = sections.map(({ title }, i) => `<li><a href="#run-${i + 1}">${escapeHtml(title)}</a></li>`)
  return `<nav aria-label="Runs"><ul>${links.join('')}</ul></nav>`
}

function renderNotes(notes: readonly string[]): string {
  if (notes.length === 0) return ''
  const items = notes.map((note) => `<li>${escapeHtml(note)}</li>`)
  return `<section class="notes" aria-labelledby="notes-title">
<h2 id="notes-title">How this was measured</h2>
<ol>${items.join('\n')}</ol>
</section>`
}

/** Refuses text that would end its element early. Line ends become what the browser hashes. */
function inlined(name: string, text: string, element: 'script' | 'style'): string {
  if (new RegExp(`</${element}|<!--`, 'i').test(text)) {
    throw new TradeLearnError('INVALID_INPUT', `"${name}" must not contain "</${element}" or "<!--".`)
  }
  return text.replace(/\r\n?/g, '\n')
}

/** How a security policy names an inline element: by the SHA-256 of its text. */
async function hashOf(text: string): Promise<string> {
  const subtle = globalThis.crypto?.subtle
  if (subtle === undefined) {
    throw new TradeLearnError('INVALID_INPUT', 'A report needs WebCrypto, which browsers offer on https and localhost.')
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return `'sha256-${btoa(String.fromCharCode(...digest))}'`
}
