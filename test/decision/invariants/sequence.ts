import type { Rng } from '../../../src/contracts.ts'
import { drawFlag, drawInteger } from '../../../src/core/draw.ts'
import type { TradeLearnError } from '../../../src/core/errors.ts'
import { createLimits, type DecisionContext, type Instead, type Limits } from '../../../src/decision/index.ts'
import type { Plan, Prediction } from '../../../src/market.ts'
import type { Build, Desk, Gate, Setup } from './desk.ts'
import { drawPrediction, drawQuestion, drawSetup, pick, SYMBOLS, spoil } from './draws.ts'
import { Truth, type Waiting, type Where } from './truth.ts'

/** The invariants of a policy, in one line each. */
export const INVARIANTS = {
  I1: 'an order keeps the limits on one order: position size and loss at the stop',
  I2: 'the account after it keeps the limits on symbol, sector, side, gross and the number of positions',
  I3: 'nothing is opened while trading is halted',
  I4: "nothing is opened once the day's loss is reached, or where it cannot be known",
  I5: 'nothing is opened once as many orders were given as may be within the window',
  I6: 'a number that cannot be is no trade, and no plan holds one',
  I7: 'a model that is stale, new, or lacks features is not asked, and what is done instead is as configured; a clock that went back opens nothing',
  I8: 'with the model never more than without it, between the same stop, on the same side',
  I9: 'what only closes is never blocked',
  I10: 'equal questions get equal answers, byte for byte',
  I11: 'limits are frozen and stay as they were',
  I12: 'two gates in front of one account spend its room once',
} as const
export type Invariant = keyof typeof INVARIANTS

/** How often each invariant was at stake, and how often it was broken. */
export type Tally = {
  sequences: number
  steps: number
  decisions: number
  readonly atStake: Record<Invariant, number>
  readonly broken: Record<Invariant, number>
  /** The first breach, with where it happened. */
  first: string | null
}

export function createTally(): Tally {
  const zeros = (): Record<Invariant, number> =>
    Object.fromEntries(Object.keys(INVARIANTS).map((name) => [name, 0])) as Record<Invariant, number>
  return { sequences: 0, steps: 0, decisions: 0, atStake: zeros(), broken: zeros(), first: null }
}

export const STEPS = 20
/** 2024-01-01, 23:59:50 UTC: ten seconds before a day begins. */
const START = 1_704_067_190_000
/** Sums of doubles in another order differ by this much of themselves. */
const ROUNDING = 1 + 1e-9

/** Sequences in front of one account with two gates, each {@link STEPS} random events long, all under one setup. */
export function runSequences(rng: Rng, build: Build, tally: Tally, sequences = 8): void {
  const setup = drawSetup(rng)
  const limits = createLimits(setup.policies[0].limits)
  const before = JSON.stringify([limits, limits])
  const open = build(setup)
  for (let i = 0; i < sequences; i++) {
    const desk = open()
    const withLedger = !drawFlag(rng, 0.1)
    const truth = new Truth(setup.ledger.reserveFor!, setup.ledger.stepBack!)
    const life: Life = { rng, setup, tally, desk, truth, limits, withLedger, clock: START, next: 1 }
    for (let step = 0; step < STEPS; step++) takeStep(life)
    tally.sequences++
    tally.steps += STEPS

    // the limits after all that
    tally.atStake.I11++
    const after = desk.gates.map((gate) => gate.limits())
    const same = JSON.stringify(after) === before && after.every(isWhole)
    if (!same) breach(life, 'I11', { before, after })
  }
}

/** Whether limits are frozen. */
function isWhole(limits: Limits): boolean {
  return [limits, limits.maxSideExposure, limits.sectorOf].every(Object.isFrozen)
}

type Life = {
  readonly rng: Rng
  readonly setup: Setup
  readonly tally: Tally
  readonly desk: Desk
  readonly truth: Truth
  readonly limits: Limits
  readonly withLedger: boolean
  clock: number
  next: number
}

function takeStep(life: Life): void {
  const { rng, truth } = life
  const event = rng.next()
  if (event < 0.6) ask(life)
  else if (event < 0.7) {
    // an order is filled, or comes to nothing
    if (truth.waiting.length === 0) return
    const order = pick(rng, truth.waiting)
    if (drawFlag(rng, 0.7)) {
      truth.fill(order)
      // an account shows what an order opened, not which one has closed something
      if (order.effect === 'opens') return
    } else truth.waiting = truth.waiting.filter(({ id }) => id !== order.id)
    settle(life, order.id)
  } else if (event < 0.75) {
    // a position is closed by the bot, or one comes from elsewhere
    if (drawFlag(rng, 0.5)) {
      const [closed] = truth.positions.splice(drawInteger(rng, truth.positions.length + 1), 1)
      // the ledger may not have seen it listed
      if (closed) settle(life, closed.id)
    } else {
      const notional = truth.equity * pick(rng, [0.001, 0.05, 0.3])
      const side = pick(rng, ['long', 'short'] as const)
      truth.positions.push({ id: `own${life.next++}`, symbol: pick(rng, SYMBOLS), side, notional })
    }
  } else if (event < 0.9) {
    truth.equity *= pick(rng, [0.9, 0.97, 0.99, 1, 1.01, 1.1])
    if (life.withLedger) {
      truth.see(life.clock)
      tell(life, { kind: 'account', account: truth.account(), time: life.clock })
      truth.waiting = truth.waiting.filter(({ id }) => !truth.positions.some((one) => one.id === id))
    }
  } else life.clock += pick(rng, [1, 500, 5000, 61_000, 86_400_000])
}

/** One question to one of the gates, with and without the model, and the order that may follow from it. */
function ask(life: Life): void {
  const { rng, truth, tally, desk, withLedger } = life
  const which = pick(rng, [0, 1] as const)
  const gate = desk.gates[which]
  const account = truth.account()
  const time = drawFlag(rng, 0.1)
    ? pick(rng, [NaN, Infinity, undefined, life.clock - 500, life.clock - 5000, 9e15] as const)
    : life.clock
  const context: DecisionContext = {
    ...drawQuestion(rng),
    account,
    ...(withLedger ? { ledger: desk.ledgerOf(which) } : {}),
    ...(time === undefined ? {} : { time }),
  }
  const { prediction, isJunk } = drawPrediction(rng)
  if (drawFlag(rng, 0.05)) {
    refuse(life, gate, prediction, spoil(rng, context))
    return
  }
  tally.decisions++
  const off = gate.baseline(context)
  const on = gate.decide(prediction, context)

  const scene: Scene = {
    ...{ life, context, settings: life.setup.policies[which] },
    now: truth.at(time),
    alive: truth.alive(truth.at(time)),
    isFaulty: withLedger ? truth.isFaulty(time) : time !== undefined && !Number.isFinite(time),
  }
  for (const plan of [off, on]) checkPlan(scene, plan)
  checkPair(scene, on, off)
  checkAsked(scene, on, off, isJunk)
  checkClosing(scene, on, off)
  if (tally.decisions % 8 === 0) {
    tally.atStake.I10++
    const again = [gate.baseline(context), gate.decide(prediction, copyOf(context))]
    if (JSON.stringify(again) !== JSON.stringify([off, on])) breach(life, 'I10', { again, off, on })
  }

  const plan = drawFlag(rng, 0.7) ? on : off
  const id = `d${life.next++}`
  if (withLedger) {
    const { symbol, side } = context.signal
    const effect = plan.size * account.equity <= truth.closable(context.signal, scene.alive) ? 'closes' : 'opens'
    tell(life, { kind: 'decision', id, order: { symbol, side }, plan, account, time: time ?? NaN }, which)
    truth.see(time)
    const ids = new Set(truth.positions.map((one) => one.id))
    truth.waiting = truth.alive(truth.newest).filter((one) => !ids.has(one.id))
    if (plan.action === 'skip') return
    truth.orders.push(truth.newest)
    truth.waiting.push({ id, symbol, side, notional: plan.size * account.equity, time: truth.newest, effect })
  } else if (plan.action !== 'skip') {
    // without a ledger the account shows an order at once
    truth.fill({
      id,
      ...whereOf(context),
      notional: plan.size * account.equity,
      time: 0,
      effect: effectOf(scene, plan),
    })
  }
}

type Scene = {
  readonly life: Life
  readonly context: DecisionContext
  readonly settings: Setup['policies'][number]
  readonly now: number
  readonly alive: readonly Waiting[]
  readonly isFaulty: boolean
}

const whereOf = ({ signal: { symbol, side } }: DecisionContext): Where => ({ symbol, side })

function effectOf({ life, context, alive }: Scene, { size }: Plan): 'opens' | 'closes' {
  return size * context.account.equity <= life.truth.closable(context.signal, alive) * ROUNDING ? 'closes' : 'opens'
}

/** I6: what cannot be asked is refused with a code, or answered by no trade. */
function refuse(life: Life, gate: Gate, prediction: Prediction, context: DecisionContext): void {
  life.tally.atStake.I6++
  for (const answer of [() => gate.baseline(context), () => gate.decide(prediction, context)]) {
    try {
      const plan = answer()
      if (plan.size !== 0 || plan.quantity !== 0) breach(life, 'I6', { context, plan })
    } catch (error) {
      const { code } = error as TradeLearnError
      if (code !== 'INVALID_ACCOUNT' && code !== 'INVALID_SIGNAL') throw error
    }
  }
}

/** I1 to I5, I7's clock and I12 for one plan, and I6 for its numbers. */
function checkPlan(scene: Scene, plan: Plan): void {
  const { life, context, now, alive, isFaulty } = scene
  const { truth, limits } = life
  const { atStake } = life.tally
  const { size, quantity, price, stop, target, action } = plan
  const { equity } = truth

  const sane = size >= 0 && size <= 1 && quantity >= 0 && [quantity, price, stop, target].every(Number.isFinite)
  if (!sane || (action === 'skip') !== (size === 0) || (size === 0) !== (quantity === 0)) breach(life, 'I6', plan)
  const opens = size > 0 && effectOf(scene, plan) === 'opens'
  const because = (name: Invariant, isAtStake: boolean, isKept: () => boolean): void => {
    if (!isAtStake) return
    atStake[name]++
    if (!isKept()) breach(life, name, { plan, context, limits, account: truth.account(), waiting: truth.waiting })
  }
  because('I3', context.halted !== null, () => !opens)
  because('I4', truth.isLost(now, limits) || (!life.withLedger && limits.maxDailyLoss < Infinity), () => !opens)
  because('I7', isFaulty, () => !opens)
  if (limits.maxOrders < Infinity) {
    let orders = 0
    for (const time of truth.orders) if (time > now - limits.ordersWindow) orders++
    because('I5', orders >= limits.maxOrders || !life.withLedger, () => !opens)
  }
  if (!opens) return

  const risk = Math.abs(price - stop)
  because('I1', true, () => {
    const fits = size <= limits.maxPosition * ROUNDING && quantity * price <= size * equity * ROUNDING
    return fits && quantity * risk <= limits.maxRisk * equity * ROUNDING
  })
  because('I2', true, () => keepsRoom(scene, size * equity, []))
  because('I12', alive.length > 0, () => keepsRoom(scene, size * equity, alive))
}

/** Whether there is room for an order beside the account and what is on its way. */
function keepsRoom({ life, context, alive }: Scene, notional: number, others: readonly Waiting[]): boolean {
  const { truth, limits } = life
  const { symbol, side } = context.signal
  const sectorOf = (name: string): string => (Object.hasOwn(limits.sectorOf, name) ? limits.sectorOf[name]! : '')
  const isSame = (one: Where): boolean => one.symbol === symbol && one.side === side
  const open = truth.positions.length + others.filter(({ effect }) => effect === 'opens').length
  const within = (fits: (one: Where) => boolean, most: number): boolean =>
    truth.sum(fits, others) + notional <= most * truth.equity * ROUNDING
  return (
    within(isSame, limits.maxPosition) &&
    // adding to what is held, or about to be, opens no other position
    (truth.sum(isSame, alive) > 0 || open < limits.maxPositions) &&
    within((one) => one.symbol === symbol, limits.maxSymbolExposure) &&
    within((one) => sectorOf(one.symbol) === sectorOf(symbol), limits.maxSectorExposure) &&
    within((one) => one.side === side, limits.maxSideExposure[side]) &&
    within(() => true, limits.maxGrossExposure)
  )
}

/** I8: the model shrinks or vetoes, between the same stop and on the same side. */
function checkPair({ life, context }: Scene, on: Plan, off: Plan): void {
  if (off.size > 0) life.tally.atStake.I8++
  const sign = context.signal.side === 'long' ? 1 : -1
  const sided = [on, off].every(({ price, stop, target }) => (price - stop) * sign > 0 && (target - price) * sign > 0)
  const kept = on.size <= off.size && on.quantity <= off.quantity && on.stop === off.stop && on.price === off.price
  if (!kept || !sided) breach(life, 'I8', { context, on, off })
}

/** I6 and I7: where the model cannot be asked, what is done is what was configured. */
function checkAsked(scene: Scene, on: Plan, off: Plan, isJunk: boolean): void {
  const { life, context, settings } = scene
  if (off.size === 0) return
  const { trades, modelAge = Infinity, missing = 1, novelty = 0 } = context
  const { minTrades = 100, maxModelAge = Infinity, maxMissing = 1, maxNovelty = 0.995, abstentions = {} } = settings
  const name = !(trades >= minTrades)
    ? 'I7'
    : isJunk
      ? 'I6'
      : !(modelAge <= maxModelAge && missing <= maxMissing && novelty <= maxNovelty)
        ? 'I7'
        : null
  if (name === null) return
  life.tally.atStake[name]++
  const instead: Instead = !(trades >= minTrades)
    ? abstentions.tooFewTrades!
    : isJunk
      ? 'skip'
      : !(modelAge <= maxModelAge)
        ? abstentions.stale!
        : !(missing <= maxMissing)
          ? abstentions.incomplete!
          : abstentions.novel!
  const wanted = { skip: 0, probe: Math.min(off.size, settings.probeSize!), baseline: off.size }[instead]
  // what closes may be free of the model's word
  const freed = settings.closing === 'free' && on.size > wanted && effectOf(scene, on) === 'closes'
  const isTiny = wanted > 0 && on.size === 0 && !(wanted * context.account.equity > 1e-300)
  if (on.size !== wanted && !freed && !isTiny) breach(life, name, { context, on, off, instead, wanted })
}

/** I9: no limit, halt, ledger or clock stands before what only closes, and no model where closing is free. */
function checkClosing(scene: Scene, on: Plan, off: Plan): void {
  const { life, context, settings, alive } = scene
  const closable = life.truth.closable(context.signal, alive)
  const { baseSize = 0.1, probeSize = 0.01, closing } = settings
  const wish = context.probe === undefined ? baseSize : Math.min(baseSize, probeSize)
  const least = Math.min(wish, closable / life.truth.equity) / ROUNDING
  // what is left of sums that cancel out is rounding
  if (!(closable > 1e-9 * life.truth.equity && wish > 0)) return
  life.tally.atStake.I9++
  if (off.size < least) breach(life, 'I9', { context, off, least })
  if (closing === 'free' && on.size < least) breach(life, 'I9', { context, on, least })
}

function settle(life: Life, id: string): void {
  if (!life.withLedger) return
  life.truth.tick(life.clock)
  tell(life, { kind: 'settled', id, time: life.clock })
}

function tell({ desk, withLedger }: Life, event: Parameters<Desk['record']>[0], gate: 0 | 1 = 0): void {
  if (withLedger) desk.record(event, gate)
}

/** A copy all the way down, but of the ledger, which is what it is. */
function copyOf({ ledger, ...plain }: DecisionContext): DecisionContext {
  return { ...structuredClone(plain), ...(ledger === undefined ? {} : { ledger }) }
}

function breach({ tally }: Life, name: Invariant, what: unknown): void {
  tally.broken[name]++
  const hide = (key: string, value: unknown): unknown => (key === 'ledger' ? undefined : value)
  tally.first ??= `${name} (${INVARIANTS[name]}) in sequence ${tally.sequences}: ${JSON.stringify(what, hide)}`
}
