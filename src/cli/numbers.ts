import { InvalidArgumentError } from 'commander'

/** An argument parser for whole numbers of at least `least`. */
export const whole =
  (least = 1) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`Wanted a whole number of at least ${least}.`)
  }

/** An argument parser for numbers within [`low`, `high`]. */
export const within =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && value >= low && value <= high) return value
    throw new InvalidArgumentError(`Wanted a number from ${low} to ${high}.`)
  }
