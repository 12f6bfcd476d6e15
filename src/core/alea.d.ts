/** The part of `seedrandom` that we use; its own types describe only the package's main entry. */
declare module 'seedrandom/lib/alea.js' {
  type AleaState = { c: number; s0: number; s1: number; s2: number }
  type Alea = { double(): number; state(): AleaState }
  export default function alea(seed: string, options: { state: true | AleaState }): Alea
}
