import type { Codec, Learner, Serializable, Snapshot } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, nested, restore } from '../../core/snapshot.ts'
import { defaultCodecs } from '../defaults.ts'
import { checkTask, type Models } from '../parts.ts'

const BUNDLE: Pick<Codec, 'type' | 'version'> = { type: 'models', version: 1 }
const TASKS = { success: 'binary', expectedReturn: 'regression', stopRisk: 'binary' } as const

/** The three models of a TradeLearner as one snapshot, which is what a registry calls a model. @throws `INVALID_OPTION` */
export function packModels(models: Models): Snapshot {
  const part = (name: keyof Models): Snapshot => checkTask(name, models?.[name], TASKS[name]).toJSON()
  return {
    ...BUNDLE,
    options: {},
    state: {
      success: { ...part('success') },
      expectedReturn: { ...part('expectedReturn') },
      stopRisk: { ...part('stopRisk') },
    },
  }
}

/**
 * Reads back what {@link packModels} wrote, for vectors of so many features (null where that is looked at elsewhere); codecs
 * of your own come before the library's.
 *
 * @throws `CORRUPT_MODEL` where a model is none, or cannot tell a vector of that length, and what the codecs throw
 */
export function unpackModels(saved: Snapshot, features: number | null, codecs: readonly Codec[] = []): Models {
  const { state } = checkSnapshot(BUNDLE, saved)
  const read = (name: keyof typeof TASKS): Learner => {
    const model: Serializable = restore(nested(state, name, BUNDLE.type), [...codecs, ...defaultCodecs()])
    if (!('predict' in model && 'learn' in model))
      corrupt(`"${name}" must be a learner, got ${show(model.toJSON().type)}`)
    const learner = checkTask(name, model as Learner, TASKS[name])
    const said = features === null ? 0 : learner.predict(new Float64Array(features))
    if (!Number.isFinite(said)) corrupt(`"${name}" must predict finite numbers, got ${said}`)
    return learner
  }
  return { success: read('success'), expectedReturn: read('expectedReturn'), stopRisk: read('stopRisk') }
}

function corrupt(fault: string): never {
  throw new TradeLearnError('CORRUPT_MODEL', `${fault}.`)
}
