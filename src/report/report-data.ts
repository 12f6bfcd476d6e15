/** A value on a chart; `NaN` and `null` (which is what JSON makes of NaN) are gaps. */
export type ReportValue = number | null

/** How the summary on top of the page is coloured. */
export type ReportTone = 'good' | 'neutral' | 'bad'

/** One row of the table of metrics. Values are text, so that the caller chooses digits and units. */
export type ReportMetric = {
  readonly name: string
  /** The model's value, e.g. `"0.512"`; shown as "N/A" where `n` is 0 or the text is empty. */
  readonly model: string
  /** The same metric for what needs no learning; each name becomes a column. */
  readonly baselines: readonly { readonly name: string; readonly value: string }[]
  /** Uncertainty of the model's value, e.g. `"0.49 to 0.53"`. */
  readonly interval?: string
  /** Observations behind the row. */
  readonly n: number
  readonly note?: string
}

/** Account value over time, one line a strategy; the first is drawn as the model. */
export type ReportEquity = {
  /** Ascending epoch milliseconds, shared by all series. */
  readonly times: readonly number[]
  readonly series: readonly { readonly name: string; readonly values: readonly ReportValue[] }[]
  /** Label of the value axis. @defaultValue "equity (start = 1)" */
  readonly unit?: string
}

/** Trades whose predicted probabilities fell into one bin. */
export type CalibrationBin = {
  /** Mean predicted probability, 0 to 1. */
  readonly predicted: ReportValue
  /** Share that won, 0 to 1. */
  readonly observed: ReportValue
  /** Trades in the bin; bins without any are left out. */
  readonly count: number
}

/** What was done with the signals of one range of predicted probability, and how many of them won. */
export type ConfidenceBin = {
  /** Lower edge, 0 to 1. */
  readonly low: number
  /** Upper edge, 0 to 1. */
  readonly high: number
  /** Signals taken in full. */
  readonly take: number
  /** Signals taken at reduced size. */
  readonly reduce: number
  /** Signals not taken. */
  readonly skip: number
  /** Share of all of them that won or would have won, 0 to 1. */
  readonly winRate: ReportValue
}

/** A figure over a moving window, e.g. the AUC of the newest 500 trades. */
export type ReportRolling = {
  /** Heading of the chart, e.g. `"AUC of the newest 500 trades"`. */
  readonly name: string
  /** Ascending epoch milliseconds. */
  readonly times: readonly number[]
  readonly values: readonly ReportValue[]
  /** What to hold it against: one level, or a line of its own with a value for each time. */
  readonly reference?: { readonly name: string; readonly values: number | readonly ReportValue[] }
  /** Name of the line and label of the value axis. @defaultValue "value" */
  readonly unit?: string
  /** One sentence on how to read it. */
  readonly explanation?: string
}

/** A moment to mark on the equity chart. */
export type ReportDriftMark = { readonly time: number; readonly label: string }

/** A time without trading, shaded on the equity chart. */
export type ReportHalt = { readonly from: number; readonly to: number; readonly reason: string }

/** How much one feature matters to the model; any unit, negative where it harms. */
export type FeatureImportance = { readonly name: string; readonly amount: number }

/** What would have come of taking only a share of the signals, those of the highest probability. */
export type SweepPoint = {
  /** The probability from which signals are taken. */
  readonly threshold: number
  /** Share of the signals that is taken, 0 to 1. */
  readonly coverage: number
  /** Share of those that won, with its interval. */
  readonly precision: ReportRange
  /** Mean net return of those, with its interval. */
  readonly expectancy: ReportRange
}

/** A value with its interval. */
export type ReportRange = { readonly value: ReportValue; readonly low: ReportValue; readonly high: ReportValue }

/** A table of text with a heading and a sentence on how to read it. */
export type ReportTable = {
  readonly title: string
  readonly explanation: string
  /** Columns whose cells are numbers are aligned right. */
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[]
  /** A row may be coloured, e.g. an alarm. */
  readonly rows: readonly { readonly tone?: ReportTone; readonly cells: readonly string[] }[]
}

/** One run: one market, one period. Whatever is left out is not shown. */
export type ReportSection = {
  readonly title: string
  readonly intro?: string
  readonly metrics?: readonly ReportMetric[]
  readonly equity?: ReportEquity
  readonly driftMarks?: readonly ReportDriftMark[]
  readonly halts?: readonly ReportHalt[]
  readonly calibration?: { readonly bins: readonly CalibrationBin[] }
  readonly confidence?: readonly ConfidenceBin[]
  readonly rolling?: readonly ReportRolling[]
  /** By ascending coverage, with what taking every signal comes to. */
  readonly sweep?: readonly SweepPoint[]
  readonly importance?: readonly FeatureImportance[]
  readonly tables?: readonly ReportTable[]
}

/** Everything on the page, as plain JSON. All text is shown as text: markup in it is escaped. */
export type ReportData = {
  readonly title: string
  readonly subtitle: string
  /** The conclusion, in words. */
  readonly verdict: { readonly tone: ReportTone; readonly headline: string; readonly text: string }
  readonly sections: readonly ReportSection[]
  /** How it was measured and what it does not show. */
  readonly notes: readonly string[]
}

/** The chart library's script and style, which are written into the page: uPlot's `uPlot.iife.min.js` and `uPlot.min.css`. */
export type ReportAssets = { readonly script: string; readonly style: string }
