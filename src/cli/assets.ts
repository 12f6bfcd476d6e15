import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ReportAssets } from '../report/index.ts'

/** uPlot's script and style from the installed package, for `renderReport` to write into its page. */
export function readAssets(): ReportAssets {
  const { resolve } = createRequire(import.meta.url)
  const read = (file: string): string => readFileSync(resolve(`uplot/dist/${file}`), 'utf8')
  return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') }
}
