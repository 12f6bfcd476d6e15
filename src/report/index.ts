export { renderReport } from './render-report.ts'
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
