/**
 * The script that training threads run. Not to be imported: `TrainingPool` and `BackgroundTrainer` start it. A bundler
 * that cannot see that wants it as an entry of its own, and they its address:
 *
 *     const spawn = () => webThread(new Worker(new URL('tradelearn/worker', import.meta.url), { type: 'module' }))
 *     new TrainingPool({ spawn })
 *
 * @packageDocumentation
 */
import { answer, READY, type TrainingRequest } from '../learners/gradient-boosting/message.ts'
import { answerRetrain, defaultRecipe, isRetrainJob } from '../lifecycle/background-trainer/worker-side.ts'
import { type Parent, parentOf } from '../lifecycle/threads.ts'

const parent = parentOf()
if (parent) {
  parent.listen((message) => hear(message, parent))
  parent.post(READY.message, READY.transfer)
}

/** Does what is asked: one fit of trees for a `TrainingPool`, or a whole retraining for a `BackgroundTrainer`. */
function hear(message: unknown, { post }: Parent): void {
  if (isRetrainJob(message)) answerRetrain(message, [defaultRecipe], post)
  else answer(message as TrainingRequest, (parcel) => post(parcel.message, parcel.transfer))
}
