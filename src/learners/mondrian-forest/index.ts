export { AggregatedMondrianForest, type AggregatedMondrianForestOptions } from './aggregated-mondrian-forest.ts'
