import { expect, test } from 'vitest'
import { readAssets } from '../../src/cli/assets.ts'

test('the assets are uPlot’s script, which defines one global, and its style', () => {
  const { script, style } = readAssets()
  expect(script).toContain('var uPlot=function')
  expect(style).toContain('.uplot')
  expect(script).not.toMatch(/<\/script|\beval\(|new Function/i)
})
