/** Which change of the mean to report: a rise, a fall, or either. */
export type Direction = 'up' | 'down' | 'both'

export const DIRECTIONS: readonly Direction[] = ['up', 'down', 'both']
