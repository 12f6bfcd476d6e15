export { DEPENDENCES, type Dependence, jointP, toFalseDiscoveryRates } from '../core/false-discovery.ts'
