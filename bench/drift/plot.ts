/** One detector's line: the time between false alarms against the median delay. */
export type Line = { readonly name: string; readonly points: readonly { readonly x: number; readonly y: number }[] }
export type Panel = { readonly title: string; readonly lines: readonly Line[] }

const WIDTH = 300
const HEIGHT = 300
const LEFT = 56
const TOP = 44
const GAP = 22
const BOTTOM = 92
/**
 * Told apart by those who see no red or green, and again by their marks: Okabe and Ito's colours (2008), twice round.
 */
const COLOURS = ['#000000', '#E69F00', '#56B4E9', '#009E73', '#B8A800', '#0072B2', '#D55E00', '#CC79A7']
const X = [700, 150_000] as const
const Y = [10, 5000] as const

/** Delays against false alarms, both on logarithmic scales, one panel a scenario: lower and further right is better. */
export function drawPanels(heading: string, panels: readonly Panel[]): string {
  const width = LEFT + panels.length * (WIDTH + GAP) + 10
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))]
  const perRow = 5
  const height = TOP + HEIGHT + BOTTOM + 18 * Math.ceil(names.length / perRow)
  const x = (value: number): number => (WIDTH * Math.log(value / X[0])) / Math.log(X[1] / X[0])
  const y = (value: number): number => HEIGHT - (HEIGHT * Math.log(value / Y[0])) / Math.log(Y[1] / Y[0])
  const colour = (name: string): string => COLOURS[names.indexOf(name) % COLOURS.length]!
  const mark = (name: string, cx: number, cy: number): string =>
    names.indexOf(name) < COLOURS.length
      ? `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="3.5" fill="${colour(name)}"/>`
      : `<rect x="${(cx - 3.5).toFixed(1)}" y="${(cy - 3.5).toFixed(1)}" width="7" height="7" fill="white" stroke="${colour(name)}" stroke-width="2"/>`

  const drawn = panels.map(({ title, lines }, i) => {
    const grid = [
      ...[1000, 10_000, 100_000].map(
        (value) =>
          `<line x1="${x(value)}" y1="0" x2="${x(value)}" y2="${HEIGHT}" stroke="#ddd"/><text x="${x(value)}" y="${HEIGHT + 18}" text-anchor="middle">${value.toLocaleString('en-GB')}</text>`,
      ),
      ...[10, 30, 100, 300, 1000, 3000].map(
        (value) =>
          `<line x1="0" y1="${y(value)}" x2="${WIDTH}" y2="${y(value)}" stroke="#ddd"/>${i === 0 ? `<text x="-8" y="${y(value) + 4}" text-anchor="end">${value}</text>` : ''}`,
      ),
    ]
    const curves = lines.map(({ name, points }) => {
      const shown = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
      const at = shown.map((point) => [clampTo(x(point.x), WIDTH), clampTo(y(point.y), HEIGHT)] as const)
      const path = at.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
      return `<polyline points="${path}" fill="none" stroke="${colour(name)}" stroke-width="1.5"/>${at.map(([px, py]) => mark(name, px, py)).join('')}`
    })
    return `<g transform="translate(${LEFT + i * (WIDTH + GAP)},${TOP})"><text x="${WIDTH / 2}" y="-8" text-anchor="middle" font-weight="bold">${title}</text>${grid.join('')}<rect width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#888"/>${curves.join('')}</g>`
  })
  const legend = names.map((name, i) => {
    const left = LEFT + (i % perRow) * ((width - LEFT) / perRow)
    const top = TOP + HEIGHT + 64 + 18 * Math.floor(i / perRow)
    return `${mark(name, left + 6, top - 4)}<text x="${left + 16}" y="${top}">${name}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
<title>${heading}</title>
<rect width="${width}" height="${height}" fill="white"/>
<text x="${LEFT}" y="18" font-size="14" font-weight="bold">${heading}</text>
${drawn.join('\n')}
<text x="${LEFT + (width - LEFT) / 2}" y="${TOP + HEIGHT + 38}" text-anchor="middle">falseAlarmEvery: values from one false alarm to the next, as stated (no mark: most changes were missed)</text>
<text transform="translate(14,${TOP + HEIGHT / 2}) rotate(-90)" text-anchor="middle">median delay, values</text>
${legend.join('')}
</svg>
`
}

const clampTo = (value: number, most: number): number => Math.max(0, Math.min(most, value))
