import { TradeLearnError } from '../../core/errors.ts'
import type { Alert, Severity } from './alert.ts'

/** What pino's loggers look like from here; `error` is called where there is no `fatal`. */
export type Logger = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  fatal?(fields: object, message: string): void
}

/** Options of {@link AlertDelivery}. */
export type AlertDeliveryOptions = {
  /** Are called with each alert; they may throw or reject. @defaultValue none */
  readonly callbacks?: readonly ((alert: Alert) => unknown)[]
  /** Gets each alert at its level: critical is fatal, and what is over is info. @defaultValue none */
  readonly logger?: Logger
  /** The least urgent alerts that are delivered. @defaultValue 'info' */
  readonly from?: Severity
}

const ORDER: readonly Severity[] = ['info', 'warning', 'critical']

/**
 * Hands alerts to callbacks and a logger, none of which can harm the caller.
 *
 * One that throws or rejects keeps no other from its turn and is counted in `failures`. Nothing is awaited.
 */
export class AlertDelivery {
  readonly #callbacks: readonly ((alert: Alert) => unknown)[]
  readonly #least: number
  #failures = 0
  #lastFailure = ''

  constructor({ callbacks = [], logger, from = 'info' }: AlertDeliveryOptions = {}) {
    if (!callbacks.every((callback) => typeof callback === 'function') || !ORDER.includes(from)) {
      throw new TradeLearnError('INVALID_OPTION', '"callbacks" must be functions, and "from" a severity.')
    }
    this.#callbacks = logger === undefined ? [...callbacks] : [(alert) => log(logger, alert), ...callbacks]
    this.#least = ORDER.indexOf(from)
  }

  /** Deliveries that failed, each callback of an alert counted. */
  get failures(): number {
    return this.#failures
  }

  /** What the newest of them said; empty while there is none. */
  get lastFailure(): string {
    return this.#lastFailure
  }

  /** Delivers alerts in order. Never throws. */
  deliver(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (ORDER.indexOf(alert.severity) < this.#least) continue
      for (const callback of this.#callbacks) {
        try {
          const done = callback(alert) as { then?: unknown } | null | undefined
          if (typeof done?.then === 'function') Promise.resolve(done).then(undefined, (error) => this.#fail(error))
        } catch (error) {
          this.#fail(error)
        }
      }
    }
  }

  #fail(error: unknown): void {
    this.#failures++
    this.#lastFailure = error instanceof Error ? error.message : String(error)
  }
}

function log(logger: Logger, alert: Alert): void {
  const { text, ...fields } = alert
  if (alert.severity === 'info' || alert.kind === 'recovered') logger.info(fields, text)
  else if (alert.severity === 'warning') logger.warn(fields, text)
  else if (logger.fatal) logger.fatal(fields, text)
  else logger.error(fields, text)
}
