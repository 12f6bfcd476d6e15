import {
  type DecisionContext,
  DecisionPolicy,
  type DecisionPolicySettings,
  type LedgerEvent,
  type Limits,
  RiskLedger,
  type RiskLedgerOptions,
} from '../../../src/decision/index.ts'
import type { Plan, Prediction } from '../../../src/market.ts'

/** One gate in front of an account. */
export type Gate = {
  readonly limits: () => Limits
  readonly baseline: (context: DecisionContext) => Plan
  readonly decide: (prediction: Prediction, context: DecisionContext) => Plan
}

/** Two gates in front of one account, and what is told to the ledger that they share. */
export type Desk = {
  readonly gates: readonly [Gate, Gate]
  /** What goes into a gate's context as its ledger. */
  readonly ledgerOf: (gate: 0 | 1) => RiskLedger
  readonly record: (event: LedgerEvent, gate: 0 | 1) => void
}

/** What an operator has set for both gates; bands and sizes may differ. */
export type Setup = {
  readonly policies: readonly [DecisionPolicySettings, DecisionPolicySettings]
  readonly ledger: Partial<RiskLedgerOptions>
}

/** How desks are made of a setup, each with an empty ledger: the real ones, or broken ones. */
export type Build = (setup: Setup) => () => Desk

/** The library as it is. */
export const realDesk: Build = ({ policies, ledger: options }) => {
  const gates = [gateOf(new DecisionPolicy(policies[0])), gateOf(new DecisionPolicy(policies[1]))] as const
  return () => {
    const ledger = new RiskLedger(options)
    return { gates, ledgerOf: () => ledger, record: (event) => ledger.record(event) }
  }
}

function gateOf(policy: DecisionPolicy): Gate {
  return {
    limits: () => policy.options.limits,
    baseline: (context) => policy.baseline(context),
    decide: (prediction, context) => policy.decide(prediction, context),
  }
}
