/** What a program without types may hand over in the place of a vector of `length` numbers. */
export function notVectors(length: number): readonly (readonly [what: string, value: never])[] {
  const zeros = new Array<number>(length).fill(0)
  const values: readonly (readonly [string, unknown])[] = [
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['a string', '0'.repeat(length)],
    ['a plain array', zeros],
    ['an object that looks like an array', { ...zeros, length }],
    ['a Float32Array', Float32Array.from(zeros)],
    ['an Int32Array', Int32Array.from(zeros)],
  ]
  return values as readonly (readonly [string, never])[]
}
