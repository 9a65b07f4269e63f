// Arguments of the verbs.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** A mistake in how a verb was called: its sentence is for the person at the terminal. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Flags and words of a verb; throws UsageError for anything that it does not know. */
export function readArguments<const T extends ParseArgsOptionsConfig>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** For verbs that are told everything by the settings; throws UsageError for any word or flag. */
export function refuseArguments(args: string[], verb: string): void {
  if (args.length > 0)
    throw new UsageError(
      `ashlar ${verb}\nIt takes no arguments, and was given ${args.join(' ')}: the environment and .env tell it everything, such as PORT.`,
    )
}
