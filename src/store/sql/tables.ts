import type { Dialect } from './database.ts'

/**
 * The tables, in the words of either database. Frozen once released: what changes comes as another migration.
 *
 * `stream` is the bot that a row belongs to, so that several can share a database.
 */
export function tables(d: Dialect): readonly string[] {
  const { text, integer, real, flag, time, json, verbatim, now } = d.types
  const create = (name: string, ...lines: string[]): string =>
    `CREATE TABLE ${d.table(name)} (\n  ${lines.join(',\n  ')}\n)${d.strict}`
  const index = (name: string, of: string, columns: string): string =>
    `CREATE INDEX ${name} ON ${d.table(of)} (${columns})`

  return [
    // -------------------------------------------------- what happened, for the learner
    create(
      'ml_streams',
      `stream ${text} PRIMARY KEY`,
      // counts the writers there have been; one whose epoch is no longer this writes nothing
      `epoch ${integer} NOT NULL`,
      `holder ${text} NOT NULL`,
      `opened_at ${time} NOT NULL DEFAULT ${now}`,
    ),
    create(
      'ml_events',
      `stream ${text} NOT NULL`,
      `seq ${integer} NOT NULL CHECK (seq > 0)`,
      `epoch ${integer} NOT NULL`,
      `event ${verbatim} NOT NULL`,
      `hash ${text} NOT NULL`,
      `stored_at ${time} NOT NULL DEFAULT ${now}`,
      'PRIMARY KEY (stream, seq)',
    ),
    create(
      'ml_snapshots',
      `stream ${text} NOT NULL`,
      `seq ${integer} NOT NULL CHECK (seq >= 0)`,
      `epoch ${integer} NOT NULL`,
      `value ${verbatim} NOT NULL`,
      `hash ${text} NOT NULL`,
      `stored_at ${time} NOT NULL DEFAULT ${now}`,
      'PRIMARY KEY (stream, seq)',
    ),

    // -------------------------------------------------- what it means, for people
    create(
      'ml_models',
      `stream ${text} NOT NULL`,
      `model_id ${text} NOT NULL`,
      `name ${text} NOT NULL`,
      `version ${integer} NOT NULL`,
      `status ${text} NOT NULL CHECK (status IN ('training', 'shadow', 'ab_test', 'production', 'retired'))`,
      `schema_fingerprint ${text} NOT NULL`,
      `content_hash ${text} NOT NULL`,
      `hyperparameters ${json} NOT NULL`,
      `metrics ${json} NOT NULL`,
      `trained_from ${time}`,
      `trained_to ${time}`,
      `trained_trades ${integer}`,
      // the model that it was made from
      `parent_id ${text}`,
      `artefact ${text}`,
      `created_at ${time} NOT NULL`,
      `status_since ${time} NOT NULL`,
      `notes ${text}`,
      `recorded_at ${time} NOT NULL DEFAULT ${now}`,
      'PRIMARY KEY (stream, model_id)',
    ),
    create(
      'ml_trade_features',
      `stream ${text} NOT NULL`,
      `decision_id ${text} NOT NULL`,
      `symbol ${text} NOT NULL`,
      `side ${text} NOT NULL CHECK (side IN ('long', 'short'))`,
      `signal_time ${time} NOT NULL`,
      // by name; null where missing
      `features ${json} NOT NULL`,
      `schema_fingerprint ${text} NOT NULL`,
      `meta ${json} NOT NULL`,
      `hash ${text} NOT NULL`,
      `recorded_at ${time} NOT NULL DEFAULT ${now}`,
      // what became of it: from the bot's report or, where it did not trade, from the candles that followed
      `outcome ${text} CHECK (outcome IN ('win', 'loss'))`,
      `outcome_source ${text} CHECK (outcome_source IN ('bot', 'candles'))`,
      `net_return ${real}`,
      `exit_reason ${text}`,
      `exit_price ${real}`,
      `exit_time ${time}`,
      `max_favorable ${real}`,
      `max_adverse ${real}`,
      `bars ${integer}`,
      `ambiguous ${flag}`,
      `outcome_hash ${text}`,
      `outcome_recorded_at ${time}`,
      'PRIMARY KEY (stream, decision_id)',
    ),
    index('ml_trade_features_by_time', 'ml_trade_features', 'stream, signal_time'),
    index('ml_trade_features_by_symbol', 'ml_trade_features', 'stream, symbol, signal_time'),
    create(
      'ml_predictions',
      `stream ${text} NOT NULL`,
      `decision_id ${text} NOT NULL`,
      // 'decides' for the model whose plan counted, 'watches' for one in its shadow
      `role ${text} NOT NULL CHECK (role IN ('decides', 'watches'))`,
      `model_id ${text} NOT NULL`,
      `model_version ${integer}`,
      `model_hash ${text}`,
      `predicted_at ${time} NOT NULL`,
      `probability ${real}`,
      // what the true rate lies above where that is predicted; null where nobody asked or too little was known
      `probability_low ${real}`,
      `expected_return ${real}`,
      `interval_low ${real}`,
      `interval_high ${real}`,
      `interval_coverage ${real}`,
      `stop_risk ${real}`,
      `trades_behind ${integer}`,
      `mode ${text} NOT NULL CHECK (mode IN ('shadow', 'live'))`,
      `action ${text} NOT NULL CHECK (action IN ('take', 'reduce', 'skip'))`,
      `size ${real}`,
      `quantity ${real}`,
      `entry_price ${real}`,
      `stop_price ${real}`,
      `target_price ${real}`,
      `reasons ${json} NOT NULL`,
      // what the model wanted; in shadow mode the decision itself is the baseline's
      `model_action ${text} NOT NULL CHECK (model_action IN ('take', 'reduce', 'skip'))`,
      `model_size ${real}`,
      `arm ${text}`,
      `propensity ${real} CHECK (propensity > 0 AND propensity <= 1)`,
      `policy_hash ${text}`,
      `latency_ms ${real}`,
      'PRIMARY KEY (stream, decision_id, role, model_id)',
      `FOREIGN KEY (stream, decision_id) REFERENCES ${d.table('ml_trade_features')} (stream, decision_id) ON DELETE CASCADE`,
    ),
    index('ml_predictions_by_model', 'ml_predictions', 'stream, model_id, predicted_at'),
    create(
      'ml_performance',
      `stream ${text} NOT NULL`,
      `model_id ${text} NOT NULL`,
      // 'all', or a part of the trades such as 'symbol:BTC', 'arm:challenger', 'regime:2'
      `scope ${text} NOT NULL`,
      `period ${text} NOT NULL CHECK (period IN ('hour', 'day', 'week', 'month', 'all'))`,
      `period_start ${time} NOT NULL`,
      `period_end ${time} NOT NULL`,
      `trades ${integer} NOT NULL`,
      `wins ${integer} NOT NULL`,
      `win_rate ${real}`,
      `net_return ${real}`,
      `mean_return ${real}`,
      `profit_factor ${real}`,
      `sharpe ${real}`,
      `max_drawdown ${real}`,
      `accuracy ${real}`,
      `log_loss ${real}`,
      `brier ${real}`,
      `auc ${real}`,
      `calibration_error ${real}`,
      `baseline_win_rate ${real}`,
      `baseline_net_return ${real}`,
      `latency_p99_ms ${real}`,
      `metrics ${json} NOT NULL`,
      `recorded_at ${time} NOT NULL DEFAULT ${now}`,
      'PRIMARY KEY (stream, model_id, scope, period, period_start)',
    ),
    create(
      'ml_marks',
      `stream ${text} NOT NULL`,
      `marked_at ${time} NOT NULL`,
      // 'drift', 'status', 'kill-switch', 'retrain', 'alert', ...
      `kind ${text} NOT NULL`,
      // the detector, model or rule
      `subject ${text} NOT NULL`,
      `detail ${json} NOT NULL`,
      'PRIMARY KEY (stream, marked_at, kind, subject)',
    ),
  ]
}

/** The names of the tables, for whoever has something to say about all of them. */
export const TABLES: readonly string[] = [
  'ml_streams',
  'ml_events',
  'ml_snapshots',
  'ml_models',
  'ml_trade_features',
  'ml_predictions',
  'ml_performance',
  'ml_marks',
]
