export * from './adaptive-policy/index.ts'
export * from './alerts/index.ts'
export { assertNoLookahead, type NoLookaheadOptions, type NoLookaheadReport } from './assert-no-lookahead.ts'
export { assertWarm, type WarmOptions, type WarmReport } from './assert-warm.ts'
export * from './background-trainer/index.ts'
export { type Bootstrap, type BootstrapOptions, bootstrap, type Past, type UnusedTrade } from './bootstrap.ts'
export type { Accompanied, Companion, DecidedSignal, EndedSignal } from './companion.ts'
export { type BuildDatasetOptions, buildDataset } from './dataset.ts'
export { DecisionLog, type DecisionLogOptions, type RowSource } from './decision-log.ts'
export { type DefaultModelsOptions, defaultCodecs, defaultDetectors, defaultModels } from './defaults.ts'
export { DurableLearner } from './durable/durable-learner.ts'
export type { DurableOptions, LearnerRecovery, RestoreOptions } from './durable/durable-options.ts'
export type { Difference } from './durable/first-difference.ts'
export { type LearnerEvent, packEvent, unpackEvent } from './durable/learner-event.ts'
export { LiveAgain, type Mismatch, type Thrown } from './durable/live-again.ts'
export {
  type DecisionDifference,
  digestOf,
  type JournalLife,
  type JournalReplay,
  type ReplayJournalOptions,
  replayJournal,
  type StoredSnapshot,
} from './durable/replay-journal.ts'
export { ToldClock } from './durable/told-clock.ts'
export {
  type Advantage,
  type Choice,
  type ChoiceFigures,
  type JudgedSignal,
  UNKNOWN_TO_WHAT_IF,
  type WhatIf,
  whatIf,
} from './durable/what-if.ts'
export type { Cause, Explanation } from './explanation.ts'
export {
  createExploration,
  type ExplorableDecision,
  type ExplorationOptions,
  type Explored,
  explore,
} from './exploration.ts'
export type {
  FeatureHealth,
  FeatureIssue,
  FeatureIssueCode,
  FeatureNumbers,
  FeatureSummary,
} from './feature-health.ts'
export { FeatureMonitor } from './feature-monitor.ts'
export type { FeatureMonitorOptions } from './feature-monitor-options.ts'
export type { FeatureSource, SignalAt } from './feature-run.ts'
export type { LoggedDecision, LoggedOutcome, NewDecision } from './logged-decision.ts'
export * from './model-registry/index.ts'
export type {
  Features,
  Guard,
  GuardLock,
  Models,
  Monitor,
  Parts,
  ReturnInterval,
  TradeLabeler,
  TradePolicy,
} from './parts.ts'
export {
  type EquityCurve,
  type Halt,
  type ReplayedSignal,
  type ReplayOptions,
  type ReplayResult,
  replay,
  replaying,
  type Strategy,
} from './replay.ts'
export { type Arm, type Assignment, assign } from './rollout/assign.ts'
export { Rollout, type RolloutReport } from './rollout/rollout.ts'
export type {
  OperatorEvent,
  RolloutCause,
  RolloutEvent,
  RolloutStatus,
  SettledSignal,
  Transition,
} from './rollout/rollout-event.ts'
export type { RolloutOptions, RolloutStep } from './rollout/rollout-options.ts'
export { type RunningScores, Scoreboard, type ScoreboardOptions } from './scoreboard.ts'
export { runInSlices, type SliceOptions } from './slices.ts'
export {
  optimizeInThreads,
  type ServedObjective,
  type ServedTrial,
  serveTrials,
  type ThreadedSearchOptions,
} from './study-threads.ts'
export { systemClock } from './system-clock.ts'
export type { TaughtPast } from './teach-past.ts'
export type { NodeWorker, Spawn, Thread, WebWorker } from './threads.ts'
export { nodeThread, spawnProcess, spawnThread, webThread } from './threads.ts'
export { TradeLearner } from './trade-learner.ts'
export type { DriftMark, Status, TradeLearnerOptions } from './trade-learner-options.ts'
export {
  type TrainingFitOptions,
  TrainingPool,
  type TrainingPoolOptions,
  type TrainingRunOptions,
} from './training-pool.ts'
