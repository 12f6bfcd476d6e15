export { type CandidateDetails, candidateDraft } from './candidate-draft.ts'
export { hashInSlices, type ModelBody, modelBody } from './content-hash.ts'
export { type LoadedModel, type LoadModelOptions, loadModel, type ModelFault } from './load-model.ts'
export { packModels, unpackModels } from './model-bundle.ts'
export type { CardContent, Counts, ModelCard, ModelDraft, Rejection } from './model-card.ts'
export { ModelRegistry } from './model-registry.ts'
export type { ModelStatus, ModelTrial } from './model-status.ts'
export { MemoryModelStore, type MemoryModelStoreOptions, type ModelStore } from './model-store.ts'
export {
  type Adoption,
  type NewVersion,
  RegisteredModels,
  type RegisteredModelsOptions,
  type RegistryBooks,
} from './registered-models.ts'
export {
  type AliasMove,
  packRegistryEvent,
  type RegistryCommand,
  type RegistryEvent,
  unpackRegistryEvent,
  type Why,
} from './registry-event.ts'
export type { MinimumData, RegistryOptions, RegistrySettings } from './registry-options.ts'
export type { ModelVersion } from './registry-state.ts'
export { type Challengeable, Succession, type SuccessionOptions } from './succession.ts'
