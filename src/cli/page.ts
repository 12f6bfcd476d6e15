import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Evaluation, formatEstimate } from '../evaluation/index.ts'
import { type ReportData, type ReportMetric, renderReport } from '../report/index.ts'
import { readAssets } from './assets.ts'
import { formatTable } from './table.ts'

/** What every page says about how its figures were made. */
export const NOTES: readonly string[] = [
  'Every probability was computed and stored before its label existed (test, then train); there is no in-sample figure on this page.',
  'Labels and paper trades include the costs, fill at the close of the decision, and assume the stop where one candle holds both stop and target.',
  'Paper trades know nothing of partial fills, financing or market impact. Past results do not predict; this is no investment advice.',
  'Correlations have intervals that are exact for labels that overlap; all others are 95 % moving-block bootstrap intervals; "N/A (needs n)" stands where there are too few observations to say anything.',
]

/** Writes the page and says where. */
export async function writePage(file: string, data: ReportData): Promise<void> {
  writeFileSync(file, await renderReport(data, readAssets()))
  console.log(`\nPage: ${resolve(file)} (one file, no network; open it in a browser)`)
}

/** Prints a section's metrics as a table. */
export function printMetrics(title: string, metrics: readonly ReportMetric[]): void {
  const baselines = metrics[0]?.baselines.map(({ name }) => name) ?? []
  const header = ['', 'model', '95 % interval', ...baselines, 'n']
  const rows = metrics.map(({ name, model, interval, baselines: others, n }) => [
    name,
    model,
    interval ?? '',
    ...others.map(({ value }) => value),
    String(n),
  ])
  console.log(`\n${title}\n${formatTable([header, ...rows])}`)
}

/** Prints what the canaries said, if they were asked. */
export function printCanaries({ canaries }: Evaluation): void {
  if (canaries.length === 0) return
  const rows = canaries.map(({ title, result, auc, text }) => [title, result, formatEstimate(auc), text])
  console.log(`\n${formatTable([['canary', 'result', 'AUC', ''], ...rows])}`)
}
