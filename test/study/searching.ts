import {
  type ChoiceParameter,
  type Conditional,
  choice,
  type FloatParameter,
  float,
  type InferParams,
  type IntParameter,
  int,
  MedianPruner,
  type Objective,
  Study,
  type StudyOptions,
  type Trial,
  type TrialOutcome,
  when,
} from '../../src/study/index.ts'

/** One parameter of each kind, one of them under a condition. */
export const SPACE: {
  readonly model: ChoiceParameter<'trees' | 'line'>
  readonly leaves: Conditional<IntParameter>
  readonly rate: FloatParameter
  readonly share: FloatParameter
  readonly shift: FloatParameter
} = {
  model: choice(['trees', 'line']),
  leaves: when('model', ['trees'], int({ low: 2, high: 64, log: true })),
  rate: float({ low: 0.001, high: 1, log: true }),
  share: float({ low: 0, high: 1, step: 0.25 }),
  shift: float({ low: -2, high: 2 }),
}
export type Params = InferParams<typeof SPACE>

/** Trials that fail and trials that are worth nothing come up now and then. */
export function lossOf({ model, leaves = 8, rate, share, shift }: Params): number {
  if (shift > 1.7) throw new Error('out of range')
  if (shift < -1.8) return Number.NaN
  return (
    (model === 'trees' ? 0 : 1) +
    Math.abs(Math.log(leaves / 16)) +
    Math.abs(Math.log(rate / 0.05)) +
    share +
    shift * shift
  )
}

/** Reports five folds, of which each is a little different. */
export function inFolds(params: Params, report: Trial<Params>['report']): number | 'pruned' {
  const loss = lossOf(params)
  for (let fold = 0; fold < 5; fold++) {
    if (Number.isFinite(loss) && report(fold, loss + Math.sin(37 * loss + fold)) === 'prune') return 'pruned'
  }
  return loss
}

/** What comes of a trial. */
export function outcomeOf({ params, report }: Trial<Params>): TrialOutcome {
  try {
    return inFolds(params, report)
  } catch (error) {
    return { failed: (error as Error).message }
  }
}

export const objective: Objective<Params> = (params, { report }) => inFolds(params, report)

export type Options = Partial<StudyOptions<typeof SPACE>>

export const options = (others: Options = {}): Options & { readonly space: typeof SPACE } => ({
  space: SPACE,
  seed: 'tests',
  pruner: new MedianPruner({ startup: 3 }),
  ...others,
})

/** A study that has run so many trials one after another. */
export async function searched(trials: number, others: Options = {}): Promise<Study<typeof SPACE>> {
  const study = new Study(options(others))
  await study.optimize(objective, { trials })
  return study
}
