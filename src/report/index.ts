export { evaluationSections } from './evaluation-sections.ts'
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
  ReportRange,
  ReportRolling,
  ReportSection,
  ReportTable,
  ReportTone,
  ReportValue,
  SweepPoint,
} from './report-data.ts'
export { validationSection } from './validation-section.ts'
