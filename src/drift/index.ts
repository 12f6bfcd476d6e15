export { ADWIN, type ADWINOptions } from './adwin.ts'
export type { Direction } from './direction.ts'
export { PageHinkley, type PageHinkleyOptions } from './page-hinkley.ts'
export { ScaleFree, type ScaleFreeOptions } from './scale-free.ts'
