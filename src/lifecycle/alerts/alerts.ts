import type { JsonObject, JsonValue, Serializable, Snapshot } from '../../contracts.ts'
import { time as checkTime, oneOf, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { type State, unpackState } from '../../core/state.ts'
import type { Alert, AlertRule, Finding, Severity } from './alert.ts'
import { defaultAlertRules } from './default-rules.ts'
import type { Health } from './health.ts'

/** Options of {@link Alerts}. */
export type AlertsOptions = {
  /** What is watched. @defaultValue `defaultAlertRules()` */
  readonly rules?: readonly AlertRule[]
  /** Milliseconds after which an alert that still stands is told again. @defaultValue 86_400_000, a day */
  readonly repeatAfter?: number
}

/** An alert that stands. */
type Standing = {
  topic: string
  code: string
  severity: Severity
  scope: string
  text: string
  /** Empty where it cannot change. */
  about: string
  since: number
  told: number
}

type Own = { time: number; standing: Standing[]; memories: { [code: string]: State } }

/** Findings of one rule that are told apart; a rule of the caller's own may find too many. */
const MOST_FINDINGS = 100
/** Characters kept of a text, so that a snapshot stays small. */
const TEXT_LENGTH = 500
const ORDER: readonly Severity[] = ['info', 'warning', 'critical']
const STANDING: Standing = { topic: '', code: '', severity: 'info', scope: '', text: '', about: '', since: 0, told: 0 }

type Found = { readonly rule: Pick<AlertRule, 'code' | 'severity' | 'falseAlarms'>; readonly finding: Finding }

/**
 * Tells what a person should know, once: when it begins, when it gets worse or becomes another, now and then while it lasts, and
 * when it is over.
 *
 * Each rule reads a plain record of how everything is doing. What it finds is an alert of its topic and scope: `"raised"`,
 * `"escalated"` where a more urgent rule of the topic joins in, `"changed"` where it is about something else, `"repeated"` after
 * `repeatAfter`, `"recovered"` when it is found no more. A rule that throws is an alert itself, and what it had found stands
 * until it can be asked again.
 *
 * It does nothing but answer: hand the alerts to an {@link AlertDelivery}. O(rules + findings); memory for the alerts
 * that stand, at most 100 a rule.
 *
 * @example
 * ```ts
 * const alerts = new Alerts({ rules: defaultAlertRules({ accuracyGoal: 0.53 }) })
 * const delivery = new AlertDelivery({ logger: pino(), callbacks: [(alert) => telegram.send(alert.text)] })
 * delivery.deliver(alerts.update({ locks: killSwitch.locks, accuracy: { n: 240, hits: 131 } }, time))
 * ```
 */
export class Alerts implements Serializable {
  static readonly type: string = 'alerts'
  static readonly version: number = 1

  readonly options: { readonly repeatAfter: number }
  readonly #rules: readonly AlertRule[]
  #state: Own

  constructor({ rules = defaultAlertRules(), repeatAfter = 86_400_000 }: AlertsOptions = {}) {
    this.options = Object.freeze({ repeatAfter: positive('repeatAfter', repeatAfter) })
    this.#rules = Object.freeze([...rules])
    const memories: Own['memories'] = {}
    for (const rule of rules) {
      checkRule(rule)
      if (Object.hasOwn(memories, rule.code)) {
        throw new TradeLearnError('INVALID_OPTION', `"rules" must have each code once, got ${show(rule.code)} twice.`)
      }
      memories[rule.code] = rule.start()
    }
    this.#state = { time: -Infinity, standing: [], memories }
  }

  /** What is watched, how urgent it is, and how often it is wrong. */
  get rules(): readonly Pick<AlertRule, 'code' | 'severity' | 'falseAlarms'>[] {
    return this.#rules.map(({ code, severity, falseAlarms }) => ({ code, severity, falseAlarms }))
  }

  /** What stands, oldest first. */
  get standing(): readonly {
    readonly code: string
    readonly severity: Severity
    readonly scope: string
    readonly text: string
    readonly since: number
  }[] {
    return this.#state.standing.map(({ code, severity, scope, text, since }) => ({
      code,
      severity,
      scope,
      text,
      since,
    }))
  }

  /**
   * Takes in how everything is doing, and returns what is to be told. A time that goes back counts as the latest.
   *
   * @throws `INVALID_TIME`, changing nothing
   */
  update(health: Health, time: number): readonly Alert[] {
    const now = Math.max(this.#state.time, checkTime('time', time))
    this.#state.time = now
    const found = new Map<string, Found>()
    const silent = new Set<string>()
    const events: Alert[] = []
    for (const rule of this.#rules) {
      const { code, severity, falseAlarms, kind, topic = code } = rule
      try {
        // a rule that fails half-way must not leave half a memory
        const old = this.#state.memories[code]!
        const memory = old === null ? null : structuredClone(old)
        const findings = rule.read(health, memory, now)
        if (findings === undefined) silent.add(topic)
        for (const { scope, text, evidence, about } of findings?.slice(0, MOST_FINDINGS) ?? []) {
          const finding = {
            scope: String(scope).slice(0, TEXT_LENGTH),
            text: String(text).slice(0, TEXT_LENGTH),
            evidence,
            ...(about === undefined ? {} : { about: String(about).slice(0, TEXT_LENGTH) }),
          }
          if (kind === 'event') events.push({ ...finding, kind, code, severity, falseAlarms, time: now, since: now })
          else keepWorst(found, topic, { rule, finding })
        }
        this.#state.memories[code] = memory
      } catch (error) {
        silent.add(topic)
        keepWorst(found, 'RULE_FAILED', failed(code, error))
      }
    }
    return [...this.#compare(found, silent, now), ...events]
  }

  toJSON(): Snapshot {
    const { time, standing, memories } = this.#state
    const rules = Object.entries(memories).map(([code, memory]) => ({ code, memory }))
    return snapshot(Alerts, this.options, { time, standing, rules })
  }

  /** Reads back what {@link toJSON} wrote, for the default rules. */
  static fromJSON(json: Snapshot): Alerts {
    const { options } = checkSnapshot(Alerts, json)
    return Alerts.restore(json, unpackState(options, { repeatAfter: 0 }, 'options'))
  }

  /**
   * The saved alerts under the operator's present rules. A rule that the snapshot does not know starts anew, and so does one whose
   * memory has another shape by now.
   */
  static restore(json: Snapshot, options: AlertsOptions = {}): Alerts {
    const { state } = checkSnapshot(Alerts, json)
    const alerts = new Alerts(options)
    const { rules, ...own } = state
    const saved = unpackState(own as JsonObject, { time: 0, standing: [STANDING] })
    const { memories } = alerts.#state
    if (!Array.isArray(rules)) refuse('with a list of rules', rules)
    for (const entry of rules as readonly JsonObject[]) {
      const code = entry?.['code']
      if (typeof code !== 'string') refuse('whose rules have a code', code)
      if (Object.hasOwn(memories, code as string)) {
        if (entry['memory'] === undefined) refuse('whose rules have a memory', undefined)
        const fresh = memories[code as string]!
        memories[code as string] = readMemory(entry['memory']!, fresh) ?? fresh
      }
    }
    alerts.#state = { ...checkSaved(saved), memories }
    return alerts
  }

  /** Holds what was found against what stands. */
  #compare(found: ReadonlyMap<string, Found>, silent: ReadonlySet<string>, now: number): Alert[] {
    const alerts: Alert[] = []
    const standing: Standing[] = []
    const known = new Set<string>()
    for (const old of this.#state.standing) {
      const key = keyOf(old.topic, old.scope)
      const hit = found.get(key)
      known.add(key)
      if (hit === undefined) {
        if (silent.has(old.topic)) standing.push(old)
        else alerts.push(recovered(old, now))
        continue
      }
      const { rule, finding } = hit
      const worse = ORDER.indexOf(rule.severity) > ORDER.indexOf(old.severity)
      const other = (finding.about ?? '') !== old.about
      const again = now - old.told >= this.options.repeatAfter
      const kind = worse ? 'escalated' : other ? 'changed' : again ? 'repeated' : null
      standing.push({ ...old, ...standingAs(hit), told: kind === null ? old.told : now })
      if (kind !== null) alerts.push(alertOf(kind, hit, now, old.since))
    }
    for (const [key, one] of found) {
      if (known.has(key)) continue
      standing.push({ topic: key.slice(0, key.indexOf(' ')), ...standingAs(one), since: now, told: now })
      alerts.push(alertOf('raised', one, now, now))
    }
    this.#state.standing = standing
    return alerts
  }
}

const keyOf = (topic: string, scope: string): string => `${topic} ${scope}`

/** What of an alert that stands is as it was found last. */
const standingAs = ({ rule: { code, severity }, finding: { scope, text, about = '' } }: Found) =>
  ({ code, severity, scope, text, about }) satisfies Partial<Standing>

function keepWorst(found: Map<string, Found>, topic: string, one: Found): void {
  const key = keyOf(topic, one.finding.scope)
  const other = found.get(key)
  if (other === undefined || ORDER.indexOf(one.rule.severity) > ORDER.indexOf(other.rule.severity)) found.set(key, one)
}

function failed(code: string, error: unknown): Found {
  const text = `The rule ${code} failed: ${error instanceof Error ? error.message : String(error)}`.slice(
    0,
    TEXT_LENGTH,
  )
  return {
    rule: { code: 'RULE_FAILED', severity: 'warning', falseAlarms: 'deterministic' },
    finding: { scope: code, text, evidence: { rule: code } },
  }
}

function alertOf(kind: Alert['kind'], { rule, finding }: Found, time: number, since: number): Alert {
  const { code, severity, falseAlarms } = rule
  return { ...finding, kind, code, severity, falseAlarms, time, since }
}

function recovered({ code, severity, scope, text, since }: Standing, time: number): Alert {
  const finding = { scope, text: `Over: ${text}`, evidence: { milliseconds: time - since } }
  return { ...finding, kind: 'recovered', code, severity, falseAlarms: 'deterministic', time, since }
}

function checkRule({ code, severity, topic = code, kind }: AlertRule): void {
  if (!/^[A-Z][A-Z0-9_]*$/.test(code) || !/^[A-Z][A-Z0-9_]*$/.test(topic)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `A rule's code must be capitals, digits and underscores, got ${show(code)}.`,
    )
  }
  oneOf('severity', severity, ORDER)
  oneOf('kind', kind, ['state', 'event'])
}

/** A rule's memory; null where it is not of the shape that the rule has today. */
function readMemory(saved: JsonValue, fresh: State): State | null {
  try {
    return unpackState({ memory: saved }, { memory: fresh }).memory
  } catch {
    // a rule that was changed must not keep the bot from starting
    return null
  }
}

function checkSaved({ time, standing }: { time: number; standing: Standing[] }): {
  time: number
  standing: Standing[]
} {
  if (Number.isNaN(time) || time === Infinity) refuse('with a time', time)
  for (const { severity, since, told } of standing) {
    oneOf('severity', severity, ORDER, 'CORRUPT_SNAPSHOT')
    if (!(Number.isFinite(since) && since <= told && told <= time))
      refuse('whose alerts were told after they began', told)
  }
  const keys = new Set(standing.map(({ topic, scope }) => keyOf(topic, scope)))
  if (keys.size !== standing.length) refuse('with each alert once', standing.length)
  return { time, standing }
}

function refuse(wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `An "alerts" snapshot must be one ${wanted}, got ${show(got)}.`)
}
