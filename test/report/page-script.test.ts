import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Chart } from '../../src/report/figure.ts'
import { PAGE_SCRIPT } from '../../src/report/page-script.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2000, 0, 1)

type Value = (u: unknown, value: number | null, series: number, index: number | null) => string
type Axis = {
  readonly values: (u: unknown, splits: (number | null)[], axis: number, space: number, step: number) => string[]
}
type Options = {
  readonly width: number
  readonly height: number
  readonly series: {
    readonly label: string
    readonly value: Value
    readonly stroke?: string
    readonly dash?: number[]
  }[]
  readonly axes: Axis[]
  readonly scales: { readonly x: { readonly range: (u: unknown, low: number, high: number) => number[] } }
}
type Drawn = { readonly options: Options; readonly data: (number | null)[][]; destroyed: boolean; size?: unknown }

/** Runs the page's script on a document made of as little as it touches, and a uPlot that only listens. */
function run(charts: readonly Chart[]) {
  const drawn: Drawn[] = []
  const listeners: { [event: string]: () => void } = {}
  const classes = new Set<string>()
  const hosts = charts.map((_, i) => ({ dataset: { chart: String(i) }, clientWidth: 900 }))
  class Plot {
    static paths = { bars: () => () => null }
    readonly entry: Drawn
    readonly width: number
    readonly height: number
    readonly over = { addEventListener: () => {} }
    constructor(options: Options, data: (number | null)[][]) {
      this.entry = { options, data, destroyed: false }
      this.width = options.width
      this.height = options.height
      drawn.push(this.entry)
    }
    destroy() {
      this.entry.destroyed = true
    }
    setSize(size: unknown) {
      this.entry.size = size
    }
  }
  const classList = {
    add: (name: string) => classes.add(name),
    remove: (name: string) => classes.delete(name),
    contains: (name: string) => classes.has(name),
  }
  runInNewContext(PAGE_SCRIPT, {
    uPlot: Plot,
    devicePixelRatio: 1,
    document: {
      documentElement: { classList },
      getElementById: () => ({ textContent: JSON.stringify(charts) }),
      querySelectorAll: () => hosts,
      querySelector: () => ({}),
    },
    getComputedStyle: () => ({ getPropertyValue: (name: string) => ` ${name} ` }),
    matchMedia: () => ({ addEventListener: (_: string, listener: () => void) => (listeners['theme'] = listener) }),
    addEventListener: (name: string, listener: () => void) => (listeners[name] = listener),
    ResizeObserver: class {
      constructor(listener: () => void) {
        listeners['resize'] = listener
      }
      observe() {}
    },
  })
  return { drawn, hosts, fire: (name: string) => listeners[name]!() }
}

const time = (times: number[], values: (number | null)[]): Chart => ({
  kind: 'time',
  times,
  lines: [
    { name: 'model', colour: '--line-1', dashed: false, values },
    { name: 'all', colour: '--line-2', dashed: true, values: values.map(() => 1) },
  ],
  unit: 'equity',
  marks: [],
  spans: [],
})
const daily = time([T0, T0 + DAY, T0 + 2 * DAY], [1, 12_345.6, null])

describe('charts over time', () => {
  const plot = run([daily]).drawn[0]!
  const [x, model, all] = plot.options.series

  test('data and colours arrive as they are', () => {
    expect(plot.data).toEqual([
      [T0, T0 + DAY, T0 + 2 * DAY],
      [1, 12_345.6, null],
      [1, 1, 1],
    ])
    expect([model!.stroke, all!.dash]).toEqual(['--line-1', [6, 4]])
  })

  test('the legend says the last values until the cursor points elsewhere', () => {
    expect([x!.value(null, null, 0, null), model!.value(null, null, 1, null)]).toEqual(['2000-01-03', '12,346'])
    expect([x!.value(null, T0, 0, 0), model!.value(null, 1, 1, 0)]).toEqual(['2000-01-01', '1.000'])
    expect(model!.value(null, null, 1, 2)).toBe('N/A')
  })

  test('times of the day are said where there are any', () => {
    const { series } = run([time([T0 + 3_600_000], [1])]).drawn[0]!.options
    expect([series[0]!.label, series[0]!.value(null, null, 0, null)]).toEqual(['time (UTC)', '2000-01-01 01:00'])
  })

  test.each<[string, number, number[], string[]]>([
    ['years', 365 * DAY, [T0, T0 + 366 * DAY], ['2000', '2001']],
    ['months', 30 * DAY, [T0, T0 + 31 * DAY, T0 + 366 * DAY], ['Jan\n2000', 'Feb', 'Jan\n2001']],
    ['days', DAY, [T0, T0 + DAY], ['1 Jan\n2000', '2 Jan']],
    ['hours', DAY / 24, [T0, T0 + DAY / 2, T0 + DAY], ['00:00\n1 Jan 2000', '12:00', '00:00\n2 Jan 2000']],
  ])('an axis of %s', (_, step, splits, labels) => {
    expect([...plot.options.axes[0]!.values(null, splits, 0, 0, step)]).toEqual(labels)
  })

  test.each([
    [0.025, [0.475, 0.5], ['0.475', '0.500']],
    [0.5, [-0.5, 0], ['\u22120.5', '0.0']],
    [2000, [10_000, 1_234_000], ['10,000', '1,234,000']],
  ])('a value axis in steps of %d', (step, splits, labels) => {
    expect([...plot.options.axes[1]!.values(null, splits, 1, 0, step)]).toEqual(labels)
  })

  test('a single point stands in the middle', () => {
    const { scales } = run([time([T0], [1])]).drawn[0]!.options
    expect([...scales.x.range(null, T0, T0)]).toEqual([T0 - DAY, T0 + DAY])
    expect([...plot.options.scales.x.range(null, T0, T0 + 1)]).toEqual([T0, T0 + 1])
  })
})

describe('charts of probabilities', () => {
  const { drawn } = run([
    {
      kind: 'calibration',
      range: [0.4, 0.7],
      predicted: [0.5],
      observed: [0.6],
      low: [0.4],
      high: [0.7],
      count: [1200],
    },
    {
      kind: 'confidence',
      labels: ['40–50', '50–60'],
      take: [0, 5],
      reduce: [1, 2],
      skip: [9, 0],
      winRate: [null, 0.55],
    },
  ])

  test('calibration has a diagonal from end to end', () => {
    const [plot] = drawn
    expect(plot!.data).toEqual([
      [0.4, 0.5, 0.7],
      [0.4, 0.5, 0.7],
      [null, 0.6, null],
      [null, 1200, null],
    ])
    const [x, , observed, trades] = plot!.options.series
    expect([x!.value(null, 0.5, 0, 1), observed!.value(null, 0.6, 2, 1), trades!.value(null, 1200, 3, 1)]).toEqual([
      '50.0\u00a0%',
      '60.0\u00a0%',
      '1,200',
    ])
  })

  test('bars are stacked, their legend says the parts', () => {
    const [, plot] = drawn
    expect(plot!.data).toEqual([
      [0, 1],
      [10, 7],
      [1, 7],
      [0, 5],
      [null, 0.55],
    ])
    const said = plot!.options.series.map(({ label, value }, i) => `${label} ${value(null, plot!.data[i]![1]!, i, 1)}`)
    expect(said).toEqual(['predicted 50–60\u00a0%', 'skip 0', 'reduce 2', 'take 5', 'won 55.0\u00a0%'])
  })
})

describe('drawing again', () => {
  test('when the colours change', () => {
    const { drawn, fire } = run([daily, daily])
    fire('theme')
    expect(drawn.map(({ destroyed }) => destroyed)).toEqual([true, true, false, false])
  })

  test('on paper, no wider than paper, and back', () => {
    const { drawn, fire } = run([daily])
    fire('beforeprint')
    fire('afterprint')
    expect(drawn.map(({ options }) => options.width)).toEqual([900, 680, 900])
  })

  test('when the width changes, and only then', () => {
    const { drawn, hosts, fire } = run([daily])
    fire('resize')
    expect(drawn[0]!.size).toBeUndefined()
    hosts[0]!.clientWidth = 500
    fire('resize')
    expect(drawn[0]!.size).toEqual({ width: 500, height: 300 })
  })

  test('a page without charts is fine', () => expect(run([]).drawn).toEqual([]))
})
