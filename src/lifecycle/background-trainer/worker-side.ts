export { defaultRecipe } from './recipe.ts'
export { answerRetrain, isRetrainJob } from './serve-retrains.ts'
