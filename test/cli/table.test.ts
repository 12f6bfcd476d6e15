import { expect, test } from 'vitest'
import { formatTable } from '../../src/cli/table.ts'

test('columns line up, figures to the right, words to the left', () => {
  const text = formatTable([
    ['metric', 'model', 'interval', 'n', 'note'],
    ['AUC', '0.512', '0.48 to 0.53', 1204, 'higher is better'],
    ['Return', '+3.10 %', '', 7, undefined],
    ['Log loss', Number.NaN, '–', 0, 'N/A'],
  ])
  expect(text.split('\n')).toEqual([
    'metric      model      interval     n  note',
    '────────  ───────  ────────────  ────  ────────────────',
    'AUC         0.512  0.48 to 0.53  1204  higher is better',
    'Return    +3.10 %                   7',
    'Log loss      N/A             –     0  N/A',
  ])
})

test('no rows make no text, a header alone is a header, short rows are filled', () => {
  expect(formatTable([])).toBe('')
  expect(formatTable([['a', 'b']])).toBe('a  b\n─  ─')
  expect(formatTable([['a', 'b'], [1], [true, 'x', 2]])).toBe('a     b\n────  ─  ─\n1\ntrue  x  2')
})

test('wide characters take two columns, combining marks none', () => {
  expect(
    formatTable([
      ['名前', 'x'],
      ['e\u0301', 'y'],
    ]),
  ).toBe('名前  x\n────  ─\ne\u0301     y')
})

test('control characters cannot reach the terminal', () => {
  expect(formatTable([['a'], ['\u001b[31mred\nline']])).toBe('a\n─────────────\n [31mred line')
})
