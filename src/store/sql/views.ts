import type { Dialect } from './database.ts'

/** The figures of a dashboard; each is a view of that name. */
export const FIGURES = [
  'ml_trades',
  'ml_overview',
  'ml_equity',
  'ml_calibration',
  'ml_by_symbol',
  'ml_by_hour',
  'ml_by_arm',
  'ml_model_comparison',
  'ml_model_list',
  'ml_periods',
  'ml_drift_marks',
  'ml_latency',
] as const
/** One of {@link FIGURES}. */
export type Figure = (typeof FIGURES)[number]

/**
 * One view for each figure of a dashboard, all by stream. Frozen once released, as the tables are.
 *
 * A trade is a decision that was not skipped and whose outcome is known. Equity adds up `size * net_return`: what a start of
 * 1 would be if sizes had always been fractions of that start.
 */
export function views(d: Dialect): readonly string[] {
  const view = (name: Figure, columns: string, query: string): string => `${d.view(name, columns)}\n${query.trim()}`
  const from = d.table('ml_trades')
  const { real } = d.types
  const won = (outcome: string): string =>
    `CASE WHEN ${outcome} = 'win' THEN CAST(1 AS ${real}) ELSE CAST(0 AS ${real}) END`
  const n = d.count('*')
  const wins = d.count("CASE WHEN outcome = 'win' THEN 1 END")
  const summary = `${n}, ${wins}, avg(${won('outcome')}), sum(net_return), avg(net_return)`
  const SUMMARY = 'trades, wins, win_rate, net_return, mean_return'
  const taken = "action <> 'skip'"

  return [
    view(
      'ml_trades',
      'stream, decision_id, symbol, side, signal_time, exit_time, mode, action, model_action, size, probability, probability_low, expected_return, model_id, arm, propensity, outcome, outcome_source, net_return, exit_reason',
      `
SELECT f.stream, f.decision_id, f.symbol, f.side, f.signal_time, f.exit_time, p.mode, p.action, p.model_action, p.size,
  p.probability, p.probability_low, p.expected_return, p.model_id, p.arm, p.propensity, f.outcome, f.outcome_source, f.net_return, f.exit_reason
FROM ${d.table('ml_trade_features')} f
JOIN ${d.table('ml_predictions')} p ON p.stream = f.stream AND p.decision_id = f.decision_id AND p.role = 'decides'
WHERE f.outcome IS NOT NULL`,
    ),
    view(
      'ml_overview',
      `stream, decisions, taken, ${SUMMARY}, best, worst, gross_gain, gross_loss`,
      `
SELECT p.stream, p.decisions, p.taken, t.trades, t.wins, t.win_rate, t.net_return, t.mean_return, t.best, t.worst,
  t.gross_gain, t.gross_loss
FROM (
  SELECT stream, ${n} AS decisions, ${d.count("CASE WHEN action <> 'skip' THEN 1 END")} AS taken
  FROM ${d.table('ml_predictions')} WHERE role = 'decides' GROUP BY stream
) p
LEFT JOIN (
  SELECT stream, ${n} AS trades, ${wins} AS wins, avg(${won('outcome')}) AS win_rate,
    sum(net_return) AS net_return, avg(net_return) AS mean_return, max(net_return) AS best, min(net_return) AS worst,
    sum(CASE WHEN net_return > 0 THEN net_return ELSE 0 END) AS gross_gain,
    sum(CASE WHEN net_return < 0 THEN -net_return ELSE 0 END) AS gross_loss
  FROM ${from} WHERE ${taken} GROUP BY stream
) t ON t.stream = p.stream`,
    ),
    view(
      'ml_equity',
      'stream, exit_time, decision_id, net_return, equity, peak, drawdown',
      `
SELECT stream, exit_time, decision_id, net_return, equity, peak, (peak - equity) / peak
FROM (
  SELECT stream, exit_time, decision_id, net_return, equity,
    max(CASE WHEN equity > 1 THEN equity ELSE 1 END) OVER (PARTITION BY stream ORDER BY exit_time, decision_id ROWS UNBOUNDED PRECEDING) AS peak
  FROM (
    SELECT stream, exit_time, decision_id, net_return,
      1 + sum(size * net_return) OVER (PARTITION BY stream ORDER BY exit_time, decision_id ROWS UNBOUNDED PRECEDING) AS equity
    FROM ${from} WHERE ${taken}
  ) sums
) peaks`,
    ),
    view(
      'ml_calibration',
      'stream, model_id, bin, decisions, mean_probability, win_rate',
      `
SELECT stream, model_id, bin, ${n}, avg(probability), avg(${won('outcome')})
FROM (
  SELECT t.*, CASE WHEN probability >= 1 THEN 9 ELSE ${d.whole('probability * 10')} END AS bin
  FROM ${from} t WHERE probability IS NOT NULL
) binned
GROUP BY stream, model_id, bin`,
    ),
    view(
      'ml_by_symbol',
      `stream, symbol, ${SUMMARY}`,
      `SELECT stream, symbol, ${summary} FROM ${from} WHERE ${taken} GROUP BY stream, symbol`,
    ),
    view(
      'ml_by_hour',
      `stream, hour, ${SUMMARY}`,
      `
SELECT stream, hour, ${summary}
FROM (SELECT t.*, ${d.hour('signal_time')} AS hour FROM ${from} t WHERE ${taken}) hours
GROUP BY stream, hour`,
    ),
    view(
      'ml_by_arm',
      `stream, arm, ${SUMMARY}, mean_propensity`,
      `SELECT stream, arm, ${summary}, avg(propensity) FROM ${from} WHERE ${taken} AND arm IS NOT NULL GROUP BY stream, arm`,
    ),
    view(
      'ml_model_comparison',
      'stream, model_id, role, decisions, wanted, win_rate_wanted, mean_return_wanted, mean_return_skipped, brier',
      `
SELECT p.stream, p.model_id, p.role, ${n}, ${d.count("CASE WHEN p.model_action <> 'skip' THEN 1 END")},
  avg(CASE WHEN p.model_action <> 'skip' THEN ${won('f.outcome')} END),
  avg(CASE WHEN p.model_action <> 'skip' THEN f.net_return END),
  avg(CASE WHEN p.model_action = 'skip' THEN f.net_return END),
  avg((p.probability - ${won('f.outcome')}) * (p.probability - ${won('f.outcome')}))
FROM ${d.table('ml_predictions')} p
JOIN ${d.table('ml_trade_features')} f ON f.stream = p.stream AND f.decision_id = p.decision_id
WHERE f.outcome IS NOT NULL
GROUP BY p.stream, p.model_id, p.role`,
    ),
    view(
      'ml_model_list',
      'stream, model_id, name, version, status, status_since, parent_id, trained_trades, content_hash',
      `
SELECT stream, model_id, name, ${d.number('version')}, status, status_since, parent_id, ${d.number('trained_trades')}, content_hash
FROM ${d.table('ml_models')}`,
    ),
    view(
      'ml_periods',
      'stream, model_id, scope, period, period_start, period_end, trades, wins, win_rate, net_return, baseline_net_return, log_loss, auc',
      `
SELECT stream, model_id, scope, period, period_start, period_end, ${d.number('trades')}, ${d.number('wins')}, win_rate, net_return,
  baseline_net_return, log_loss, auc
FROM ${d.table('ml_performance')}`,
    ),
    view(
      'ml_drift_marks',
      'stream, marked_at, detector, detail',
      `SELECT stream, marked_at, subject, detail FROM ${d.table('ml_marks')} WHERE kind = 'drift'`,
    ),
    view(
      'ml_latency',
      'stream, decisions, mean_ms, p50_ms, p99_ms, max_ms',
      // nearest rank: the smallest latency that so large a part does not exceed
      `
SELECT stream, ${n}, avg(latency_ms), min(CASE WHEN place >= 0.5 * total THEN latency_ms END),
  min(CASE WHEN place >= 0.99 * total THEN latency_ms END), max(latency_ms)
FROM (
  SELECT stream, latency_ms, row_number() OVER (PARTITION BY stream ORDER BY latency_ms) AS place, count(*) OVER (PARTITION BY stream) AS total
  FROM ${d.table('ml_predictions')} WHERE role = 'decides' AND latency_ms IS NOT NULL
) ranked
GROUP BY stream`,
    ),
  ]
}
