export type { Row as SqlRow, SqlDatabase, SqlValue, Statement } from './database.ts'
export { postgresDialect, sqliteDialect } from './dialects.ts'
export type { FigureRow } from './figures.ts'
export { migrationText } from './migrations.ts'
export type { SqlStoreOptions } from './options.ts'
export type { PgClient, PgConnection } from './postgres-database.ts'
export { PostgresStore, type PostgresStoreOptions } from './postgres-store.ts'
export type {
  DecisionRecord,
  MarkRecord,
  ModelRecord,
  ModelReference,
  OutcomeRecord,
  PerformanceFigure,
  PerformanceRecord,
  TradeTables,
  WatcherRecord,
} from './records.ts'
export type { SqlStore } from './sql-store.ts'
export type { SqliteDriver, SqliteStatement } from './sqlite-database.ts'
export { SqliteStore, type SqliteStoreOptions, sqliteDatabase } from './sqlite-store.ts'
export { type Port, serveSqlite, threadedSqlite } from './sqlite-thread.ts'
export { type ModelDescription, TableWriter, type TableWriterOptions } from './table-writer.ts'
export { FIGURES, type Figure as DashboardFigure } from './views.ts'
