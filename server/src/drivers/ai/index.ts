// The door of the driver of language models.
export { createDirectory, type Directory, type DirectoryOptions, type ModelEntry } from './directory.ts'
export {
  type Generation,
  generate,
  loadSdk,
  type ModelTool,
  type Piece,
  type Step,
  type Turn,
  type Usage,
} from './generate.ts'
export { type FailureKind, ProviderFailure } from './provider.ts'
