export { renderReport } from './render-report.ts'
export { type ReplaySectionOptions, type ReplaySummary, summarizeReplay } from './replay-section.ts'
export type {
  CalibrationBin,
  ConfidenceBin,
  FeatureImportance,
  ReportAssets,
  ReportData,
  ReportDriftMark,
  ReportEquity,
  ReportHalt,
  ReportMetric,
  ReportRolling,
  ReportSection,
  ReportTone,
  ReportValue,
} from './report-data.ts'
export { validationSection } from './validation-section.ts'
