/**
 * The script of the page, as text: it draws each chart of `<script id="charts">` with uPlot into the element that
 * has its index in `data-chart`, and again when colours or widths change. Plain browser JavaScript, no `eval`.
 */
export const PAGE_SCRIPT: string = String.raw`
(() => {
'use strict'
const charts = JSON.parse(document.getElementById('charts').textContent)
const hosts = [...document.querySelectorAll('[data-chart]')]
const root = document.documentElement
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim()
const utc = (time) => new Date(time).toISOString()
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY = 864e5

// numbers and times

/** Digits after the point that tell multiples of a step apart. */
function decimals(step) {
  let digits = 0
  for (let scaled = step; digits < 8 && Math.abs(scaled - Math.round(scaled)) > 1e-6; scaled *= 10) digits++
  return digits
}
const grouped = (value, digits) => {
  const [whole, rest] = value.toFixed(digits).replace('-', '\u2212').split('.')
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (rest ? '.' + rest : '')
}
const percent = (value, digits) => grouped(value * 100, digits) + '\u00a0%'
const number = (value) => grouped(value, Math.abs(value) < 10 ? 3 : Math.abs(value) < 1000 ? 2 : 0)

/** Labels of a time axis: the larger unit stands in a second line wherever it changes. */
function timeLabels(u, splits, axis, space, step) {
  let before = ''
  return splits.map((time) => {
    const iso = utc(time)
    const year = iso.slice(0, -20)
    const month = MONTHS[+iso.slice(-19, -17) - 1]
    const day = +iso.slice(-16, -14) + ' ' + month
    const clock = iso.slice(-13, -8)
    const [small, large] =
      step >= 360 * DAY ? [year, ''] : step >= 27 * DAY ? [month, year] : step >= DAY ? [day, year] : [clock, day + ' ' + year]
    const label = large && large !== before ? small + '\n' + large : small
    before = large
    return label
  })
}

/** A moment in the legend: the time of day only where the chart has any. */
function moment(time, daily) {
  const iso = utc(time)
  return daily ? iso.slice(0, -14) : iso.slice(0, -8).replace('T', ' ')
}

// shared looks

const axis = (more) => ({
  stroke: css('--muted'),
  font: '12px ' + css('--sans'),
  labelFont: '12px ' + css('--sans'),
  labelSize: 20,
  labelGap: 2,
  gap: 6,
  grid: { stroke: css('--grid'), width: 1 },
  ticks: { stroke: css('--rule'), width: 1, size: 4 },
  border: { show: true, stroke: css('--rule'), width: 1 },
  ...more,
})

/** Room for the widest label of a vertical axis. */
function labelRoom(u, values, index) {
  if (!values) return 40
  u.ctx.save()
  u.ctx.font = u.axes[index].font[0]
  const widest = Math.max(...values.map((text) => u.ctx.measureText(text || '').width))
  u.ctx.restore()
  return Math.ceil(widest / devicePixelRatio) + 14
}

const numberAxis = (more) =>
  axis({ size: labelRoom, values: (u, splits, i, space, step) => splits.map((v) => (v === null ? '' : grouped(v, decimals(step)))), ...more })
const percentAxis = (more) =>
  axis({ size: labelRoom, values: (u, splits, i, space, step) => splits.map((v) => (v === null ? '' : percent(v, decimals(step * 100)))), ...more })

/** Runs in the plotting area's own canvas state. */
function paint(u, work) {
  const { ctx, bbox } = u
  ctx.save()
  // uPlot leaves its own dashes and alignment behind
  ctx.setLineDash([])
  ctx.textAlign = 'left'
  work(ctx, bbox, devicePixelRatio)
  ctx.restore()
}

// one function a kind of chart

function timeChart(spec) {
  const { times, lines, unit, marks, spans } = spec
  const daily = times.every((time) => time % DAY === 0)
  const last = (values) => values.findLastIndex((value) => value !== null)
  const lone = lines.map(({ values }) => values.filter((value) => value !== null).length === 1)
  return {
    height: 300,
    data: [times, ...lines.map(({ values }) => values)],
    options: {
      padding: [marks.length ? 22 : 10, 16, 0, 0],
      scales: { x: { time: true, range: (u, low, high) => (times[0] === times.at(-1) ? [times[0] - DAY, times[0] + DAY] : [low, high]) } },
      series: [
        { label: daily ? 'date' : 'time (UTC)', value: (u, v, s, i) => moment(i == null ? times.at(-1) : v, daily) },
        ...lines.map(({ name, colour, dashed, values }, i) => ({
          label: name,
          stroke: css(colour),
          width: i === 0 ? 2 : 1.5,
          points: { show: lone[i], size: 7, fill: css(colour) },
          ...(dashed ? { dash: [6, 4] } : {}),
          value: (u, v, s, at) => {
            const shown = at == null ? values[last(values)] : v
            return shown == null ? 'N/A' : number(shown)
          },
        })),
      ],
      axes: [
        axis({ label: 'time (UTC)', values: timeLabels, space: 70, size: (u, values) => (values && values.some((text) => text.includes('\n')) ? 46 : 30) }),
        numberAxis({ label: unit, space: 44 }),
      ],
      cursor: { y: false, points: { size: 7 } },
      hooks: { drawAxes: [(u) => drawSpans(u, spans)], draw: [(u) => drawMarks(u, marks)] },
    },
  }
}

function drawSpans(u, spans) {
  paint(u, (ctx, box, px) => {
    ctx.fillStyle = css('--span')
    for (const { from, to } of spans) {
      const left = Math.max(box.left, u.valToPos(from, 'x', true))
      const right = Math.min(box.left + box.width, Math.max(u.valToPos(to, 'x', true), left + 2 * px))
      if (right > box.left && left < right) ctx.fillRect(left, box.top, right - left, box.height)
    }
  })
}

/** Dashed rules; their labels stand above the plot, and those without room are left out (the table has them all). */
function drawMarks(u, marks) {
  paint(u, (ctx, box, px) => {
    ctx.strokeStyle = ctx.fillStyle = css('--mark')
    ctx.font = 11 * px + 'px ' + css('--sans')
    ctx.textBaseline = 'bottom'
    let free = 0
    for (const { time, label } of [...marks].sort((a, b) => a.time - b.time)) {
      const x = Math.round(u.valToPos(time, 'x', true))
      if (x < box.left || x > box.left + box.width) continue
      ctx.lineWidth = 1.25 * px
      ctx.setLineDash([4 * px, 3 * px])
      ctx.beginPath()
      ctx.moveTo(x, box.top - 3 * px)
      ctx.lineTo(x, box.top + box.height)
      ctx.stroke()
      const text = label.length > 36 ? label.slice(0, 35) + '\u2026' : label
      const width = ctx.measureText(text).width
      const left = Math.max(free, Math.min(x - width / 2, box.left + box.width - width))
      if (Math.abs(left + width / 2 - x) > width / 2 + 1) continue
      ctx.fillText(text, left, box.top - 5 * px)
      free = left + width + 10 * px
    }
  })
}

function calibrationChart(spec) {
  const { range, predicted, observed, low, high, count } = spec
  const [from, to] = range
  const most = Math.max(...count)
  const blank = (values) => [null, ...values, null]
  const hidden = { paths: () => null, points: { show: false } }
  const draw = (u) =>
    paint(u, (ctx, box, px) => {
      const inside = (y) => Math.max(box.top, Math.min(box.top + box.height, y))
      ctx.strokeStyle = ctx.fillStyle = css('--line-1')
      ctx.lineWidth = 1.5 * px
      predicted.forEach((p, i) => {
        const x = u.valToPos(p, 'x', true)
        ctx.globalAlpha = 0.75
        ctx.beginPath()
        ctx.moveTo(x, inside(u.valToPos(low[i], 'y', true)))
        ctx.lineTo(x, inside(u.valToPos(high[i], 'y', true)))
        ctx.stroke()
        ctx.globalAlpha = 1
        ctx.beginPath()
        ctx.arc(x, u.valToPos(observed[i], 'y', true), (2.5 + 6.5 * Math.sqrt(count[i] / most)) * px, 0, 7)
        ctx.fill()
      })
    })
  const all = { range: () => [from, to] }
  const value = (show) => (u, v) => (v == null ? '\u2013' : show(v))
  return {
    height: 340,
    data: [[from, ...predicted, to], [from, ...predicted, to], blank(observed), blank(count)],
    options: {
      padding: [10, 24, 0, 0],
      scales: { x: { time: false, ...all }, y: all, n: { range: () => [0, 1] } },
      series: [
        { label: 'predicted', value: (u, v, s, i) => (i == null ? '\u2013' : percent(v, 1)) },
        { label: 'as predicted', class: 'valueless', stroke: css('--line-2'), width: 1.25, dash: [6, 4], points: { show: false }, value: () => '' },
        { label: 'observed', stroke: css('--line-1'), ...hidden, value: value((v) => percent(v, 1)) },
        { label: 'trades', class: 'lineless', scale: 'n', ...hidden, value: value((v) => grouped(v, 0)) },
      ],
      axes: [
        axis({ label: 'predicted win probability', values: percentAxis().values, space: 50, size: 32 }),
        percentAxis({ label: 'observed win rate', space: 40 }),
      ],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      hooks: { draw: [draw] },
    },
  }
}

function confidenceChart(spec) {
  const { labels, take, reduce, skip, winRate } = spec
  const places = labels.map((_, i) => i)
  const some = take.map((n, i) => n + reduce[i])
  const all = some.map((n, i) => n + skip[i])
  const bars = uPlot.paths.bars({ size: [0.82, 84] })
  const bar = (label, colour, counts) => ({
    label,
    fill: css(colour),
    stroke: css(colour),
    width: 0,
    paths: bars,
    points: { show: false },
    value: (u, v, s, i) => (i == null ? '\u2013' : grouped(counts[i], 0)),
  })
  return {
    height: 340,
    data: [places, all, some, take, winRate],
    options: {
      padding: [10, 0, 0, 0],
      scales: {
        x: { time: false, range: () => [-0.6, labels.length - 0.4] },
        y: { range: (u, low, high) => [0, high * 1.06] },
        rate: { range: () => [0, 1] },
      },
      series: [
        { label: 'predicted', value: (u, v, s, i) => (i == null ? '\u2013' : labels[i] + '\u00a0%') },
        bar('skip', '--skip', skip),
        bar('reduce', '--reduce', reduce),
        bar('take', '--take', take),
        {
          label: 'won',
          scale: 'rate',
          stroke: css('--rate'),
          width: 2,
          points: { show: true, size: 7, fill: css('--rate') },
          value: (u, v, s, i) => (i == null ? '\u2013' : v == null ? 'N/A' : percent(v, 1)),
        },
      ],
      axes: [
        axis({
          label: 'predicted win probability, %',
          size: 32,
          grid: { show: false },
          ticks: { show: false },
          splits: () => places,
          values: (u) => {
            u.ctx.save()
            u.ctx.font = u.axes[0].font[0]
            const widest = Math.max(...labels.map((text) => u.ctx.measureText(text).width)) / devicePixelRatio + 10
            u.ctx.restore()
            const every = Math.max(1, Math.ceil((widest * labels.length) / Math.max(60, u.width - 110)))
            return labels.map((text, i) => (i % every === 0 ? text : ''))
          },
        }),
        numberAxis({ label: 'signals', space: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7] }),
        percentAxis({ scale: 'rate', side: 1, label: 'share that won', space: 40, grid: { show: false } }),
      ],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    },
  }
}

function shareChart(spec) {
  const { shares, over, unit, percent: inPercent, name, values, low, high, level } = spec
  const show = (v) => (v == null ? 'N/A' : inPercent ? percent(v, 2) : number(v))
  const edge = { stroke: 'transparent', width: 0, points: { show: false }, class: 'unseen' }
  const vertical = inPercent ? percentAxis : numberAxis
  return {
    height: 340,
    data: [shares, high, low, values, shares.map(() => level.value)],
    options: {
      padding: [10, 24, 0, 0],
      scales: { x: { time: false, range: () => [0, 1] } },
      bands: [{ series: [1, 2], fill: css('--band') }],
      series: [
        { label: over, value: (u, v, s, i) => (i == null ? '\u2013' : percent(v, 0)) },
        { ...edge, label: 'high' },
        { ...edge, label: 'low' },
        { label: name, stroke: css('--line-1'), width: 2, points: { show: shares.length < 40, size: 5, fill: css('--line-1') }, value: (u, v) => show(v) },
        { label: level.name, stroke: css('--line-2'), width: 1.25, dash: [6, 4], points: { show: false }, value: () => show(level.value) },
      ],
      axes: [axis({ label: over, values: percentAxis().values, space: 50, size: 32 }), vertical({ label: unit, space: 40 })],
      cursor: { y: false, drag: { x: false, y: false } },
    },
  }
}

const kinds = { time: timeChart, calibration: calibrationChart, confidence: confidenceChart, share: shareChart }

// drawing and drawing again

const LEGEND = { markers: { dash: (u, i) => (u.series[i].dash ? 'dashed' : 'solid') } }

let drawn = []
function draw(widest) {
  for (const u of drawn) u.destroy()
  drawn = hosts.map((host) => {
    const spec = charts[+host.dataset.chart]
    const { height, data, options } = kinds[spec.kind](spec)
    const width = Math.min(host.clientWidth, widest || Infinity)
    const u = new uPlot({ ms: 1, tzDate: (time) => uPlot.tzDate(new Date(time), 'Etc/UTC'), width, height, legend: LEGEND, ...options }, data, host)
    // the page moves when a table is opened, which uPlot cannot know
    u.over.addEventListener('mouseenter', () => u.syncRect())
    return u
  })
}

draw()
new ResizeObserver(() => {
  hosts.forEach((host, i) => {
    if (host.clientWidth > 0 && host.clientWidth !== drawn[i].width && !root.classList.contains('on-paper'))
      drawn[i].setSize({ width: host.clientWidth, height: drawn[i].height })
  })
}).observe(document.querySelector('main'))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw())
addEventListener('beforeprint', () => {
  root.classList.add('on-paper')
  // A4 and Letter hold about 680 px between the margins of the style
  draw(680)
})
addEventListener('afterprint', () => {
  root.classList.remove('on-paper')
  draw()
})
})()
`
