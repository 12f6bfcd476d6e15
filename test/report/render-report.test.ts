import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type ReportData, type ReportSection, renderReport } from '../../src/report/index.ts'

afterEach(() => vi.unstubAllGlobals())

const ASSETS = { script: 'var uPlot = {}\r\n// end', style: '.uplot{color:red}' }
const DAY = 86_400_000
const T0 = Date.UTC(2000, 0, 3)

const page = (section: Partial<ReportSection> = {}, more: Partial<ReportData> = {}): Promise<string> =>
  renderReport(
    {
      title: 'Title',
      subtitle: 'Subtitle',
      verdict: { tone: 'good', headline: 'Headline', text: 'Text' },
      notes: [],
      sections: [{ title: 'Run', ...section }],
      ...more,
    },
    ASSETS,
  )

/** The charts that the page's script will draw. */
function chartsOf(html: string) {
  const json = /<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(html)![1]!
  return JSON.parse(json) as Record<string, unknown>[]
}
const count = (html: string, part: string): number => html.split(part).length - 1
/** Rows of cells' texts of the tables in the page. */
const cellsOf = (html: string): string[][] =>
  [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell!),
  )

describe('safety', () => {
  test('the policy names every inline script and style by its SHA-256, and nothing else', async () => {
    const html = await page()
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => hash(text!))
    const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, text]) => hash(text!))
    expect([scripts.length, styles.length]).toEqual([2, 1])
    expect(policy).toBe(
      `default-src 'none'; script-src ${scripts.join(' ')}; style-src ${styles[0]}; base-uri 'none'; form-action 'none'`,
    )
    expect(html).not.toContain('\r')
  })

  test('the policy would refuse inline styles and handlers, so there are none', async () => {
    const html = await page(FULL)
    const body = html.slice(html.indexOf('<body>'), html.indexOf('<script'))
    expect(body).not.toMatch(/\sstyle=|\son\w+=/)
  })

  test('nothing is fetched', async () => {
    expect(await page(FULL)).not.toMatch(/https?:|\bsrc=|<link|@import|url\(/)
  })

  test('hostile text stays text, wherever it stands', async () => {
    const bad = `</script></style><img src=x onerror="alert('1')"><!--&`
    const section: ReportSection = {
      title: bad,
      intro: bad,
      metrics: [{ name: bad, model: bad, baselines: [{ name: bad, value: bad }], interval: bad, n: 1, note: bad }],
      equity: { times: [T0], series: [{ name: bad, values: [1] }], unit: bad },
      driftMarks: [{ time: T0, label: bad }],
      halts: [{ from: T0, to: T0 + DAY, reason: bad }],
      rolling: [
        { name: bad, times: [T0], values: [1], unit: bad, explanation: bad, reference: { name: bad, values: 1 } },
      ],
      importance: [{ name: bad, amount: 1 }],
    }
    const html = await page(section, {
      title: bad,
      subtitle: bad,
      verdict: { tone: bad as 'good', headline: bad, text: bad },
      notes: [bad],
    })
    const clean = await page(JSON.parse(JSON.stringify(section).replaceAll(JSON.stringify(bad).slice(1, -1), 'plain')))
    for (const sign of ['<img', '<!--', '</style']) {
      expect(count(html, sign), sign).toBe(count(clean, sign))
    }
    expect(count(html, '</script')).toBe(3)
    expect(html).not.toContain('onerror="')
    expect(chartsOf(html)[0]).toMatchObject({ unit: bad })
  })

  test('no text changes the elements of the page', async () => {
    const tags = (html: string) => [...html.matchAll(/<\/?[a-z]+/g)].map(([tag]) => tag)
    const plain = tags(await page({ title: 'x', intro: 'x' }))
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'binary' }), async (text) => {
        expect(tags(await page({ title: text, intro: text }))).toEqual(plain)
      }),
      { numRuns: 100 },
    )
  })

  test('assets that would end their element are refused', async () => {
    const data: ReportData = {
      title: '',
      subtitle: '',
      verdict: { tone: 'bad', headline: '', text: '' },
      notes: [],
      sections: [],
    }
    await expect(renderReport(data, { ...ASSETS, script: 'x="</SCRIPT>"' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    await expect(renderReport(data, { ...ASSETS, style: '</style>' })).rejects.toThrow(
      '"assets.style" must not contain',
    )
  })

  test('without WebCrypto the reason is said', async () => {
    vi.stubGlobal('crypto', {})
    await expect(page()).rejects.toThrow('WebCrypto')
  })
})

const FULL: ReportSection = {
  title: 'Run',
  metrics: [
    { name: 'AUC', model: '0.512', baselines: [{ name: 'coin', value: '0.500' }], interval: '0.48 to 0.54', n: 1204 },
    { name: 'Log loss', model: '0.69', baselines: [{ name: 'base rate', value: '0.70' }], n: 1204, note: 'lower' },
    { name: 'Skill', model: '', baselines: [{ name: 'coin', value: '' }], n: 5 },
    { name: 'Halts', model: '3', baselines: [{ name: 'coin', value: '4' }], n: 0 },
  ],
  equity: {
    times: [T0, T0 + DAY, T0 + 2 * DAY],
    series: [
      { name: 'model', values: [1, Number.NaN, 1.123456789] },
      { name: 'all', values: [1, null, 0.9] },
    ],
  },
  driftMarks: [{ time: T0 + DAY, label: 'ADWIN' }],
  halts: [{ from: T0, to: T0 + DAY, reason: 'drawdown' }],
  rolling: [
    { name: 'AUC of 500', times: [T0, T0 + DAY], values: [0.5, 0.6], reference: { name: 'Bayes', values: 0.62 } },
  ],
  calibration: {
    bins: [
      { predicted: 0.6, observed: 0.55, count: 100 },
      { predicted: 0.5, observed: 0.5, count: 10 },
      { predicted: 0.9, observed: Number.NaN, count: 3 },
      { predicted: 0.1, observed: 0, count: 0 },
    ],
  },
  confidence: [
    { low: 0.4, high: 0.5, take: 0, reduce: 1, skip: 9, winRate: Number.NaN },
    { low: 0.5, high: 0.625, take: 7, reduce: 2, skip: 0, winRate: 0.55 },
  ],
  importance: [
    { name: 'small', amount: 0.1 },
    { name: 'harmful', amount: -0.3 },
    { name: 'large', amount: 0.6 },
    { name: 'unknown', amount: Number.NaN },
  ],
}

describe('contents', () => {
  test('metrics stand beside baselines, with N/A where there is nothing to measure', async () => {
    expect(cellsOf(await page({ metrics: FULL.metrics! }))).toEqual([
      ['Metric', 'Model', 'Interval', 'coin', 'base rate', 'n', 'Note'],
      ['AUC', '0.512', '0.48 to 0.54', '0.500', '–', '1,204', ''],
      ['Log loss', '0.69', '–', '–', '0.70', '1,204', 'lower'],
      ['Skill', 'N/A', '–', '–', '–', '5', ''],
      ['Halts', 'N/A', '–', 'N/A', '–', '0', ''],
    ])
  })

  test('every chart has an element, a spoken summary, an explanation and its numbers', async () => {
    const html = await page(FULL)
    const charts = chartsOf(html)
    expect(charts.map(({ kind }) => kind)).toEqual(['time', 'time', 'calibration', 'confidence'])
    for (const i of charts.keys()) {
      expect(html).toMatch(new RegExp(`data-chart="${i}" role="img" aria-label="[^"]{20,}"`))
    }
    expect(count(html, '<figcaption>')).toBe(5)
    expect(html).toContain('model ends at 1.123, all ends at 0.9')
    expect(cellsOf(html)).toContainEqual([
      '50.0&nbsp;%'.replace('&nbsp;', '\u00a0'),
      '50.0\u00a0%',
      '23.7\u00a0% to 76.3\u00a0%',
      '10',
    ])
    expect(cellsOf(html)).toContainEqual(['50–62.5', '7', '2', '0', '55.0\u00a0%'])
    expect(cellsOf(html)).toContainEqual(['2000-01-03', '2000-01-04', 'drawdown'])
  })

  test('NaN and null are gaps, values keep seven digits, marks and halts go with the equity', async () => {
    const [equity, rolling] = chartsOf(await page(FULL))
    expect(equity).toMatchObject({
      times: [T0, T0 + DAY, T0 + 2 * DAY],
      lines: [{ values: [1, null, 1.123457] }, { values: [1, null, 0.9] }],
      unit: 'equity (start = 1)',
      marks: [{ time: T0 + DAY, label: 'ADWIN' }],
      spans: [{ from: T0, to: T0 + DAY }],
    })
    expect(rolling).toMatchObject({ lines: [{ dashed: false }, { name: 'Bayes', dashed: true, values: [0.62, 0.62] }] })
  })

  test('calibration bins without trades are left out, the others sorted; both axes share a range', async () => {
    const chart = chartsOf(await page(FULL))[2]!
    expect(chart).toMatchObject({ predicted: [0.5, 0.6], observed: [0.5, 0.55], count: [10, 100], range: [0.4, 0.7] })
  })

  test('features stand by magnitude, bars leave a common zero line', async () => {
    const html = await page({ importance: FULL.importance! })
    const bars = [...html.matchAll(/<th scope="row">(\w+)<\/th>.*?class="(\w+)" x="([\d.]+)%" width="([\d.]+)%"/g)]
    expect(bars.map(([, ...bar]) => bar)).toEqual([
      ['large', 'above', '33.33', '66.67'],
      ['harmful', 'below', '0.00', '33.33'],
      ['small', 'above', '33.33', '11.11'],
    ])
    const many = Array.from({ length: 25 }, (_, i) => ({ name: `f${i}`, amount: i }))
    expect(await page({ importance: many })).toContain('and 5 more')
  })

  test('several runs get a table of contents, notes a section', async () => {
    const html = await page({}, { sections: [{ title: 'A' }, { title: 'B' }], notes: ['measured twice'] })
    expect(html).toContain('<a href="#run-2">B</a>')
    expect(html).toContain('<section id="run-2"')
    expect(html).toContain('<li>measured twice</li>')
    expect(await page()).not.toContain('<nav')
  })

  test('empty runs say so instead of drawing', async () => {
    const nothing: ReportSection = {
      title: 'Nothing',
      metrics: [],
      equity: { times: [], series: [] },
      rolling: [{ name: 'AUC', times: [T0], values: [Number.NaN] }],
      calibration: { bins: [] },
      confidence: [{ low: 0, high: 1, take: 0, reduce: 0, skip: 0, winRate: Number.NaN }],
      importance: [],
    }
    const html = await page(nothing)
    expect(chartsOf(html)).toEqual([])
    expect(count(html, 'No data.</p>')).toBe(5)
    expect(html).toContain('No metrics.')
  })

  test('a report read back from JSON is the same page', async () => {
    expect(await page(JSON.parse(JSON.stringify(FULL)) as ReportSection)).toBe(await page(FULL))
  })

  test('drift marks without equity are still listed', async () => {
    const html = await page({ driftMarks: [{ time: T0 + 3_600_000, label: 'PH' }] })
    expect(cellsOf(html)).toContainEqual(['2000-01-03 01:00 UTC', 'PH'])
  })

  test.each<[string, Partial<ReportSection>, string]>([
    [
      'too few values',
      { equity: { times: [T0, T0 + 1], series: [{ name: 'm', values: [1] }] } },
      'each of 2 times, got 1',
    ],
    ['times that fall', { rolling: [{ name: 'r', times: [T0, T0 - 1], values: [1, 1] }] }, 'ascending times'],
    ['a time of NaN', { rolling: [{ name: 'r', times: [Number.NaN], values: [1] }] }, 'ascending times, got NaN at 0'],
    [
      'too short a reference',
      { rolling: [{ name: 'r', times: [T0], values: [1], reference: { name: 'b', values: [] } }] },
      '"b" must have a value',
    ],
  ])('%s are refused', async (_, section, message) => {
    await expect(page(section)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(message),
    })
  })
})
