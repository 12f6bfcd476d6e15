/**
 * A learner of your own: held to the laws that all learners obey, then put in the place of a default model.
 *
 *     npx tsx examples/own-learner.ts
 *
 * The learner here asks its neighbours: the share of winners among the most similar past trades.
 */
import {
  type Codec,
  defaultModels,
  FeatureEngineer,
  Hedge,
  type Learner,
  numeric,
  replay,
  rsi,
  type Signal,
  simulateMarket,
  type Snapshot,
  TradeLearnerError,
  type Vector,
} from 'tradelearn'
import { learnerLaws } from 'tradelearn/testing'
