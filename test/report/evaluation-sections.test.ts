import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readAssets } from '../../src/cli/assets.ts'
import { SeededRng } from '../../src/core/index.ts'
import {
  type Dataset,
  type Evaluation,
  evaluate,
  HoldOut,
  readEvaluation,
  WalkForward,
  writeEvaluation,
} from '../../src/evaluation/index.ts'
import { LogisticRegression } from '../../src/learners/index.ts'
import { evaluationSections, renderReport } from '../../src/report/index.ts'

const HOUR = 3_600_000
const rng = new SeededRng('page')
const rows = Array.from({ length: 700 }, () => Float64Array.from({ length: 6 }, () => 2 * rng.next() - 1))
const times = rows.map((_, i) => 1.6e12 + i * HOUR)
const y = rows.map((x) => Number(rng.next() < 0.5 + 0.3 * x[0]!))
const dataset: Dataset = {
  names: ['<script>alert(1)</script>', 'b', 'c', 'd', 'e', 'f'],
  rows,
  y,
  netReturns: y.map((label) => label / 50 - 0.01),
  times,
  labelEnds: times.map((t) => t + HOUR),
  groups: { source: rows.map((_, i) => ['<b>rule</b>', 'picks'][i % 2]!) },
}
const found: Evaluation = await evaluate(dataset, (features) => new LogisticRegression({ features }), {
  splitter: new HoldOut({ splitter: new WalkForward({ train: 200, test: 100 }) }),
  resamples: 50,
})
const page = async (evaluation: Evaluation): Promise<string> =>
  renderReport(
    {
      title: 'A test',
      subtitle: 'of the page',
      verdict: { tone: 'neutral', headline: 'Headline', text: evaluation.validation.verdict.text },
      sections: evaluationSections(evaluation, dataset, { title: 'Planted' }),
      notes: [],
    },
    readAssets(),
  )

/** A Chromium on this machine, by the names that it goes by; `CHROME_PATH` names another. */
const chromium = [process.env['CHROME_PATH'], 'chromium', 'chromium-browser', 'google-chrome', 'chrome'].find(
  (name) => name && spawnSync(name, ['--version'], { timeout: 20_000 }).status === 0,
)

describe('the page of an evaluation', () => {
  test('has a table of folds, the canaries, what was tried, each feature and each kind of signal', async () => {
    const html = await page(found)
    for (const heading of [
      'Folds',
      'Drawdown',
      'Calibration',
      'Win rate by share taken',
      'Canaries',
      'What was tried, and what could have been found',
      'Importance from fold to fold',
      'Each feature by itself',
      'Kinds of signals, the most unlike the rest first',
    ]) {
      expect(html.includes(`${heading}</h3>`), heading).toBe(true)
    }
    expect(html.match(/<tr class="good">/g)!.length).toBeGreaterThanOrEqual(2)
    expect(html.includes('N/A')).toBe(true)
    const shown = html.slice(html.indexOf('<main>'), html.indexOf('</main>'))
    expect(/NaN|undefined|Infinity|null/.exec(shown)?.[0]).toBeUndefined()
  })

  test('shows names as text, whatever is in them', async () => {
    const html = await page(found)
    const has = (part: string): boolean => html.includes(part)
    expect([has('<script>alert'), has('<b>rule'), has('&lt;script&gt;alert(1)&lt;/script&gt;')]).toEqual([
      false,
      false,
      true,
    ])
  })

  test('is the same from JSON that was written and read back', async () => {
    const reread = readEvaluation(writeEvaluation(found))
    expect(reread).toEqual(found)
    expect((await page(reread)) === (await page(found))).toBe(true)
  })

  test.skipIf(chromium === undefined)(
    'draws every chart in Chromium, asks for nothing from outside, and says nothing',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tradelearn-page-'))
      try {
        const file = join(folder, 'page.html')
        writeFileSync(file, await page(found))
        const args = [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--virtual-time-budget=5000',
          '--enable-logging=stderr',
        ]
        const url = pathToFileURL(file).href
        const run = spawnSync(chromium!, [...args, '--dump-dom', url], { encoding: 'utf8', timeout: 50_000 })
        const dom = run.stdout
        const charts = dom.match(/data-chart="/g)!.length
        expect(charts).toBeGreaterThanOrEqual(7)
        expect(dom.match(/class="uplot /g)!.length).toBe(charts)
        expect(dom.match(/<canvas/g)!.length).toBe(charts)
        expect(run.stderr.split('\n').filter((line) => line.includes('CONSOLE'))).toEqual([])
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )
})
