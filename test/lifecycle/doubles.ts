import type { Learner, Snapshot, Vector } from '../../src/contracts.ts'
import { snapshot } from '../../src/core/snapshot.ts'

/** A learner that says what it is told to, and notes what it is taught. */
export class Parrot implements Learner {
  static readonly type: string = 'my-parrot'
  static readonly version: number = 1

  readonly task: 'binary' | 'regression'
  /** What it says to anything. */
  answer: number
  readonly lessons: { readonly x: Vector; readonly y: number }[] = []

  constructor(task: 'binary' | 'regression', answer: number) {
    this.task = task
    this.answer = answer
  }

  get seen(): number {
    return this.lessons.length
  }
  predict(_: Vector): number {
    return this.answer
  }
  learn(x: Vector, y: number): void {
    this.lessons.push({ x: x.slice(), y })
  }
  toJSON(): Snapshot {
    return snapshot(Parrot, {}, { task: this.task, answer: this.answer, seen: this.seen })
  }
  static fromJSON(json: Snapshot): Parrot {
    const { task, answer } = json.state as { task: 'binary' | 'regression'; answer: number }
    return new Parrot(task, answer)
  }
}

/** Three parrots. */
export function parrots(
  success: number,
  expectedReturn: number = 0,
  stopRisk: number = 0.5,
): { success: Parrot; expectedReturn: Parrot; stopRisk: Parrot } {
  return {
    success: new Parrot('binary', success),
    expectedReturn: new Parrot('regression', expectedReturn),
    stopRisk: new Parrot('binary', stopRisk),
  }
}
