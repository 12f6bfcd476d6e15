import type {
  DecisionContext,
  DecisionPolicySettings,
  LimitOptions,
  Limits,
  RiskLedger,
} from '../../../src/decision/index.ts'
import { DecisionPolicy, RiskLedger as Ledger } from '../../../src/decision/index.ts'
import type { Plan, Prediction } from '../../../src/market.ts'
import { type Build, type Desk, type Gate, realDesk } from './desk.ts'
import type { Invariant } from './sequence.ts'

/** A library that is broken on purpose, and the invariant that must show it. */
export type Mutant = { readonly name: string; readonly breaks: Invariant; readonly build: Build }

/** The library with other gates, or another ledger. */
const bent =
  (over: (desk: Desk) => Partial<Desk>): Build =>
  (setup) => {
    const open = realDesk(setup)
    return () => {
      const desk = open()
      return { ...desk, ...over(desk) }
    }
  }

const bothGates = (over: (gate: Gate) => Partial<Gate>): Build =>
  bent(({ gates: [one, two] }) => ({
    gates: [
      { ...one, ...over(one) },
      { ...two, ...over(two) },
    ],
  }))

/** Both answers of both gates, changed. */
const answering = (change: (plan: Plan, context: DecisionContext) => Plan): Build =>
  bothGates(({ baseline, decide }) => ({
    baseline: (context) => change(baseline(context), context),
    decide: (prediction, context) => change(decide(prediction, context), context),
  }))

/** Both questions to both gates, changed. */
const asked = (change: (context: DecisionContext) => DecisionContext): Build =>
  bothGates(({ baseline, decide }) => ({
    baseline: (context) => baseline(change(context)),
    decide: (prediction, context) => decide(prediction, change(context)),
  }))

/** Gates that know other limits than the operator has set, and do not say so. */
const limited =
  (change: (limits: LimitOptions) => LimitOptions): Build =>
  (setup) => {
    const other = (settings: DecisionPolicySettings) => ({ ...settings, limits: change(settings.limits ?? {}) })
    const [one, two] = setup.policies
    const open = realDesk({ ...setup, policies: [other(one), other(two)] })
    const declared = new DecisionPolicy(one).options.limits
    return () => {
      const desk = open()
      const [first, second] = desk.gates
      const limits = (): Limits => declared
      return {
        ...desk,
        gates: [
          { ...first, limits },
          { ...second, limits },
        ],
      }
    }
  }

/** A ledger that answers some questions otherwise. */
const ledgered = (change: (ledger: RiskLedger) => Partial<RiskLedger>): Build =>
  bent(({ ledgerOf }) => {
    const ledger = ledgerOf(0)
    const over = change(ledger) as { readonly [key: string]: unknown }
    const proxy = new Proxy(ledger, {
      get: (target, key) => {
        if (typeof key === 'string' && key in over) return over[key]
        const value = Reflect.get(target, key, target) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return { ledgerOf: () => proxy }
  })

const nothing = (plan: Plan): Plan => ({ ...plan, action: 'skip', size: 0, quantity: 0 })
const times = (plan: Plan, factor: number): Plan => ({
  ...plan,
  size: plan.size * factor,
  quantity: plan.quantity * factor,
})

export const MUTANTS: readonly Mutant[] = [
  { name: 'orders are one and a half times as large', breaks: 'I1', build: answering((plan) => times(plan, 1.5)) },
  { name: 'the quantity knows no risk at the stop', breaks: 'I1', build: limited((own) => ({ ...own, maxRisk: 1 })) },
  { name: 'a position may be all there is', breaks: 'I1', build: limited((own) => ({ ...own, maxPosition: 1 })) },
  {
    name: 'what is held is not counted',
    breaks: 'I2',
    build: asked((context) =>
      Array.isArray(context.account?.positions)
        ? { ...context, account: { ...context.account, positions: [] } }
        : context,
    ),
  },
  { name: 'positions are not counted', breaks: 'I2', build: limited((own) => ({ ...own, maxPositions: 1000 })) },
  { name: 'symbols know no limit', breaks: 'I2', build: limited((own) => ({ ...own, maxSymbolExposure: Infinity })) },
  { name: 'sectors know no limit', breaks: 'I2', build: limited((own) => ({ ...own, maxSectorExposure: Infinity })) },
  {
    name: 'each symbol is a sector',
    breaks: 'I2',
    build: limited((own) => ({ ...own, sectorOf: { A: '1', B: '2', C: '3' } })),
  },
  { name: 'sides know no limit', breaks: 'I2', build: limited((own) => ({ ...own, maxSideExposure: {} })) },
  { name: 'the gross knows no limit', breaks: 'I2', build: limited((own) => ({ ...own, maxGrossExposure: Infinity })) },
  { name: 'a halt is not heard of', breaks: 'I3', build: asked((context) => ({ ...context, halted: null })) },
  { name: 'a day may lose all', breaks: 'I4', build: limited((own) => ({ ...own, maxDailyLoss: Infinity })) },
  {
    name: 'a loss is forgotten when equity recovers',
    breaks: 'I4',
    build: ledgered((ledger) => ({ day: (equity, time) => ({ start: ledger.day(equity, time).start, low: equity }) })),
  },
  {
    name: 'a day begins with its lowest equity',
    breaks: 'I4',
    build: ledgered((ledger) => ({
      day: (equity, time) => ({ start: ledger.day(equity, time).low, low: ledger.day(equity, time).low }),
    })),
  },
  { name: 'orders know no rate', breaks: 'I5', build: limited((own) => ({ ...own, maxOrders: Infinity })) },
  {
    name: 'one order more is allowed',
    breaks: 'I5',
    build: limited((own) => ({ ...own, maxOrders: own.maxOrders! + 1 })),
  },
  { name: 'the window is half as long', breaks: 'I5', build: limited((own) => ({ ...own, ordersWindow: 500 })) },
  {
    name: 'orders that close are not counted',
    breaks: 'I5',
    build: bent(({ record, ledgerOf }) => ({
      record: (event, gate) => {
        const skips =
          event.kind === 'decision' &&
          event.plan.size * event.account.equity <= ledgerOf(gate).closable(event.order, event.account, event.time)
        if (!skips) record(event, gate)
      },
    })),
  },
  {
    name: 'a probability that is no number is one half',
    breaks: 'I6',
    build: bothGates(({ decide }) => ({
      decide: (prediction, context) => {
        const { probability } = prediction ?? {}
        return decide(Number.isFinite(probability) ? prediction : { ...prediction, probability: 0.5 }, context)
      },
    })),
  },
  {
    name: 'a return that is no number is 0',
    breaks: 'I6',
    build: bothGates(({ decide }) => ({
      decide: (prediction, context) =>
        decide(
          Number.isFinite(prediction?.expectedReturn) ? prediction : { ...prediction, expectedReturn: 0 },
          context,
        ),
    })),
  },
  {
    name: 'an equity that is no number is 1',
    breaks: 'I6',
    build: asked((context) =>
      Number.isFinite(context.account.equity) ? context : { ...context, account: { ...context.account, equity: 1 } },
    ),
  },
  { name: 'a plan holds no number', breaks: 'I6', build: answering((plan) => ({ ...plan, target: plan.target / 0 })) },
  { name: 'a model does not age', breaks: 'I7', build: asked((context) => ({ ...context, modelAge: 0 })) },
  { name: 'features are never missing', breaks: 'I7', build: asked((context) => ({ ...context, missing: 0 })) },
  { name: 'nothing is novel', breaks: 'I7', build: asked((context) => ({ ...context, novelty: 0 })) },
  { name: 'any model knows enough', breaks: 'I7', build: asked((context) => ({ ...context, trades: 1e6 })) },
  {
    name: 'a clock that went back is believed',
    breaks: 'I7',
    build: ledgered(() => ({ faultOf: () => null })),
  },
  {
    name: 'the model enlarges what it believes in',
    breaks: 'I8',
    build: bothGates(({ decide, baseline }) => ({
      decide: (prediction: Prediction, context) => {
        const plan = decide(prediction, context)
        return plan.size > 0 && prediction?.probability > 0.9 ? times(baseline(context), 1.01) : plan
      },
    })),
  },
  {
    name: 'the model turns the trade round',
    breaks: 'I8',
    build: bothGates(({ decide }) => ({
      decide: (prediction, context) => {
        const plan = decide(prediction, context)
        return prediction?.probability < 0.2 ? { ...plan, stop: plan.target, target: plan.stop } : plan
      },
    })),
  },
  {
    name: 'the model moves the stop away',
    breaks: 'I8',
    build: bothGates(({ decide }) => ({
      decide: (prediction, context) => {
        const plan = decide(prediction, context)
        return { ...plan, stop: plan.stop + (plan.stop - plan.price) * 0.1 }
      },
    })),
  },
  {
    name: 'a halt stops closing too',
    breaks: 'I9',
    build: answering((plan, { halted }) => (halted === null ? plan : nothing(plan))),
  },
  {
    name: 'limits stand before closing',
    breaks: 'I9',
    build: answering((plan) => (plan.reasons.some(({ code }) => code.startsWith('MAX_')) ? nothing(plan) : plan)),
  },
  {
    name: 'closing needs a sane clock',
    breaks: 'I9',
    build: answering((plan) => (plan.reasons.some(({ code }) => code === 'CLOCK') ? nothing(plan) : plan)),
  },
  {
    name: 'closing waits while the ledger is full',
    breaks: 'I9',
    build: answering((plan) => (plan.reasons.some(({ code }) => code === 'LEDGER_FULL') ? nothing(plan) : plan)),
  },
  {
    name: 'answers are numbered',
    breaks: 'I10',
    build: (setup) => {
      let asked = 0
      return answering((plan) => ({ ...plan, reasons: [{ code: 'COUNT', text: `${asked++}` }, ...plan.reasons] }))(
        setup,
      )
    },
  },
  {
    name: 'limits grow while nobody looks',
    breaks: 'I11',
    build: bothGates(({ decide, limits }) => {
      let asked = 0
      const grown = (): Limits => ({ ...limits(), maxPosition: Math.min(1, limits().maxPosition + asked * 0.01) })
      return {
        limits: () => Object.freeze(grown()),
        decide: (prediction, context) => {
          asked++
          return decide(prediction, context)
        },
      }
    }),
  },
  {
    name: 'limits can be changed',
    breaks: 'I11',
    build: bothGates(({ limits }) => ({ limits: () => ({ ...limits() }) })),
  },
  {
    name: 'each gate has a ledger of its own',
    breaks: 'I12',
    build: (setup) => {
      const open = realDesk(setup)
      return () => {
        const ledgers = [new Ledger(setup.ledger), new Ledger(setup.ledger)] as const
        return { ...open(), ledgerOf: (gate) => ledgers[gate], record: (event, gate) => ledgers[gate].record(event) }
      }
    },
  },
  {
    name: 'what is on its way is not counted',
    breaks: 'I12',
    build: ledgered(() => ({ pending: () => [] })),
  },
  {
    name: 'one position is closed as often as is asked',
    breaks: 'I12',
    build: ledgered((ledger) => ({
      closable: (order, account, time) => {
        const fresh = new Ledger()
        return ledger.closable(order, account, time) > 0
          ? ledger.closable(order, account, time)
          : fresh.closable(order, account, time)
      },
    })),
  },
]
