import type { JsonValue } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { countCell, jsonCell, numberCell, optionalText, textCell, timeCell, wordCell } from './cells.ts'
import type { Dialect, SqlValue } from './database.ts'
import type {
  DecisionRecord,
  MarkRecord,
  ModelRecord,
  ModelReference,
  OutcomeRecord,
  PerformanceFigure,
  PerformanceRecord,
} from './records.ts'

/** A row as its columns, in one order for all rows of a table. */
export type Cells = { readonly [column: string]: SqlValue }

const ACTIONS = ['take', 'reduce', 'skip']

/** The row of `ml_trade_features`, but its hash. */
export function featureRow(d: Dialect, stream: string, record: DecisionRecord): Cells {
  if (typeof record?.decision !== 'object' || record.decision === null) {
    throw new TradeLearnError('INVALID_INPUT', `"record" must hold a decision, got ${show(record)}.`)
  }
  const { decision, names, x, schema, meta } = record
  if (names?.length !== x?.length) {
    throw new TradeLearnError('INVALID_INPUT', `"names" must name the ${x?.length} features, got ${names?.length}.`)
  }
  const features = Object.fromEntries(names.map((name, i) => [name, x[i]!]))
  return {
    stream,
    decision_id: textCell('decision.id', decision.id, 100),
    symbol: textCell('decision.symbol', decision.symbol, 100),
    side: wordCell('decision.side', decision.side, ['long', 'short']),
    signal_time: timeCell(d, 'decision.time', decision.time),
    features: jsonCell('x', features),
    schema_fingerprint: textCell('schema', schema, 100),
    meta: jsonCell('meta', meta),
  }
}

/** The rows of `ml_predictions`: the one that decided, then those that watched. */
export function predictionRows(d: Dialect, stream: string, record: DecisionRecord): readonly Cells[] {
  const { decision, watchers = [] } = record
  const decides = predictionRow(d, stream, record, 'decides', record.model, decision.prediction, {
    action: wordCell('decision.action', decision.action, ACTIONS),
    size: numberCell('decision.size', decision.size),
    quantity: numberCell('decision.quantity', decision.quantity),
    stop_price: numberCell('decision.stop', decision.stop),
    target_price: numberCell('decision.target', decision.target),
    reasons: jsonCell('decision.reasons', decision.reasons as unknown as readonly JsonValue[]),
    model_action: wordCell('decision.model.action', decision.model?.action, ACTIONS),
    model_size: numberCell('decision.model.size', decision.model.size),
  })
  const watching = watchers.map(({ model, prediction, action, size }) =>
    predictionRow(d, stream, record, 'watches', model, prediction, {
      action: wordCell('watchers.action', action, ACTIONS),
      size: numberCell('watchers.size', size),
      quantity: null,
      stop_price: null,
      target_price: null,
      reasons: '[]',
      model_action: action,
      model_size: numberCell('watchers.size', size),
    }),
  )
  return [decides, ...watching]
}

function predictionRow(
  d: Dialect,
  stream: string,
  { decision, arm, propensity, policyHash, latency }: DecisionRecord,
  role: 'decides' | 'watches',
  model: ModelReference,
  prediction: DecisionRecord['decision']['prediction'],
  plan: Cells,
): Cells {
  const decides = role === 'decides'
  if (propensity !== undefined && !(propensity > 0 && propensity <= 1)) {
    throw new TradeLearnError('INVALID_INPUT', `"propensity" must be above 0 and at most 1, got ${show(propensity)}.`)
  }
  return {
    stream,
    decision_id: textCell('decision.id', decision.id, 100),
    role,
    model_id: textCell('model.id', model?.id, 100),
    model_version: countCell('model.version', model?.version),
    model_hash: optionalText('model.hash', model.hash),
    predicted_at: timeCell(d, 'decision.time', decision.time),
    probability: numberCell('prediction.probability', prediction?.probability),
    probability_low: numberCell('prediction.probabilityLow', prediction?.probabilityLow),
    expected_return: numberCell('prediction.expectedReturn', prediction?.expectedReturn),
    interval_low: numberCell('prediction.interval.low', prediction?.interval?.low),
    interval_high: numberCell('prediction.interval.high', prediction?.interval?.high),
    interval_coverage: numberCell('prediction.interval.coverage', prediction?.interval?.coverage),
    stop_risk: numberCell('prediction.stopRisk', prediction?.stopRisk),
    trades_behind: countCell('prediction.trades', prediction?.trades),
    mode: wordCell('decision.mode', decision.mode, ['shadow', 'live']),
    entry_price: numberCell('decision.price', decision.price),
    ...plan,
    arm: decides ? optionalText('arm', arm, 100) : null,
    propensity: decides ? (propensity ?? null) : null,
    policy_hash: optionalText('policyHash', policyHash),
    latency_ms: decides ? numberCell('latency', latency) : null,
  }
}

/** The columns of `ml_trade_features` that an outcome fills, but its hash. */
export function outcomeRow(d: Dialect, { label, source }: OutcomeRecord): Cells {
  if (typeof label !== 'object' || label === null) {
    throw new TradeLearnError('INVALID_INPUT', `"record" must hold a label, got ${show(label)}.`)
  }
  return {
    outcome: wordCell('label.y', String(label.y), ['0', '1']) === '1' ? 'win' : 'loss',
    outcome_source: wordCell('source', source, ['bot', 'candles']),
    net_return: numberCell('label.netReturn', label.netReturn),
    exit_reason: textCell('label.exitReason', label.exitReason, 100),
    exit_price: numberCell('label.exitPrice', label.exitPrice),
    exit_time: timeCell(d, 'label.exitTime', label.exitTime),
    max_favorable: numberCell('label.maxFavorable', label.maxFavorable),
    max_adverse: numberCell('label.maxAdverse', label.maxAdverse),
    bars: countCell('label.bars', label.bars),
    ambiguous: label.ambiguous ? 1 : 0,
  }
}

/** The row of `ml_models`. */
export function modelRow(d: Dialect, stream: string, model: ModelRecord): Cells {
  const { trained } = model
  return {
    stream,
    model_id: textCell('id', model.id, 100),
    name: textCell('name', model.name, 100),
    version: countCell('version', model.version),
    status: wordCell('status', model.status, ['training', 'shadow', 'ab_test', 'production', 'retired']),
    schema_fingerprint: textCell('schema', model.schema, 100),
    content_hash: textCell('hash', model.hash, 200),
    hyperparameters: jsonCell('hyperparameters', model.hyperparameters),
    metrics: jsonCell('metrics', model.metrics),
    trained_from: trained ? timeCell(d, 'trained.from', trained.from) : null,
    trained_to: trained ? timeCell(d, 'trained.to', trained.to) : null,
    trained_trades: countCell('trained.trades', trained?.trades),
    parent_id: optionalText('parent', model.parent, 100),
    // PostgreSQL's text and SQLite's take some hundred megabytes
    artefact: optionalText('artefact', model.artefact, 200_000_000),
    created_at: timeCell(d, 'createdAt', model.createdAt),
    status_since: timeCell(d, 'statusSince', model.statusSince),
    notes: optionalText('notes', model.notes),
  }
}

const FIGURE_COLUMNS: readonly (readonly [PerformanceFigure, string])[] = [
  ['netReturn', 'net_return'],
  ['meanReturn', 'mean_return'],
  ['profitFactor', 'profit_factor'],
  ['sharpe', 'sharpe'],
  ['maxDrawdown', 'max_drawdown'],
  ['accuracy', 'accuracy'],
  ['logLoss', 'log_loss'],
  ['brier', 'brier'],
  ['auc', 'auc'],
  ['calibrationError', 'calibration_error'],
  ['baselineWinRate', 'baseline_win_rate'],
  ['baselineNetReturn', 'baseline_net_return'],
  ['latencyP99', 'latency_p99_ms'],
]

/** The row of `ml_performance`. */
export function performanceRow(d: Dialect, stream: string, record: PerformanceRecord): Cells {
  const { trades, wins, figures = {} } = record
  return {
    stream,
    model_id: textCell('model', record.model, 100),
    scope: textCell('scope', record.scope ?? 'all', 200),
    period: wordCell('period', record.period, ['hour', 'day', 'week', 'month', 'all']),
    period_start: timeCell(d, 'start', record.start),
    period_end: timeCell(d, 'end', record.end),
    trades: countCell('trades', trades),
    wins: countCell('wins', wins),
    win_rate: trades > 0 ? wins / trades : null,
    ...Object.fromEntries(
      FIGURE_COLUMNS.map(([name, column]) => [column, numberCell(`figures.${name}`, figures[name])]),
    ),
    metrics: jsonCell('metrics', record.metrics),
  }
}

/** The row of `ml_marks`. */
export function markRow(d: Dialect, stream: string, mark: MarkRecord): Cells {
  return {
    stream,
    marked_at: timeCell(d, 'time', mark.time),
    kind: textCell('kind', mark.kind, 100),
    subject: textCell('subject', mark.subject, 200),
    detail: jsonCell('detail', mark.detail),
  }
}
