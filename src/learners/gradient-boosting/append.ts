import type { Forest } from '../forest/forest.ts'

/**
 * The newest `most` trees of a forest. What the dropped ones added on average goes into the base, so that the others,
 * which were fitted to what those left over, still start from about the right level.
 */
export function appendForest(forest: Forest, most: number): Forest {
  const drop = forest.roots.length - most
  if (drop <= 0) return forest
  const base = forest.base.slice()
  for (let t = 0; t < drop; t++) base[forest.output[t]!]! += forest.value[forest.roots[t]!]!
  const first = forest.roots[drop]!
  const nodes = forest.feature.length
  const moved = (child: Int32Array): Int32Array => child.slice(first, nodes).map((node) => Math.max(0, node - first))
  const { sets, set } = moveSets(forest, first)
  return {
    features: forest.features,
    base,
    roots: forest.roots.slice(drop).map((root) => root - first),
    output: forest.output.slice(drop),
    feature: forest.feature.slice(first),
    threshold: forest.threshold.slice(first),
    set,
    sets,
    left: moved(forest.left),
    right: moved(forest.right),
    missingLeft: forest.missingLeft.slice(first),
    value: forest.value.slice(first),
    gain: forest.gain.slice(first),
    cover: forest.cover.slice(first),
  }
}

/** The sets of categories that the nodes from `first` on ask for, in one array. */
function moveSets({ set, sets }: Forest, first: number): Pick<Forest, 'set' | 'sets'> {
  const kept = set.slice(first)
  const used = kept.filter((start) => start >= 0)
  if (used.length === 0) return { set: kept, sets: new Uint32Array(0) }
  // sets stand in the order of their nodes' making, so those of later trees are a tail
  const from = used.reduce((least, start) => Math.min(least, start), sets.length)
  return { set: kept.map((start) => (start < 0 ? start : start - from)), sets: sets.slice(from) }
}
