/** What the sums of a detector count in: the unit of the values, or standard deviations of the stream. */
export type Unit = 'value' | 'deviation'

export const UNITS: readonly Unit[] = ['value', 'deviation']
