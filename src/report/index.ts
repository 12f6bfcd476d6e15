export { renderReport } from './render-report.ts'
export type {
  CalibrationBin,
  ConfidenceBin,
  DriftMark,
  FeatureImportance,
  Halt,
  ReportAssets,
  ReportData,
  ReportEquity,
  ReportMetric,
  ReportRolling,
  ReportSection,
  ReportTone,
  ReportValue,
} from './report-data.ts'
