// `ashlar doctor`: looks whether everything that the settings name is there and as it must be, and says how to mend what is not.
import { readArguments, UsageError } from './arguments.ts'
import { compareBlobs } from './doctor/blobs.ts'
import { examine } from './doctor/examination.ts'
import { reportOf } from './doctor/report.ts'

const USAGE = 'ashlar doctor [--json] [--settings]\nashlar doctor --blobs [--mend [--force]]'

export async function doctor(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    settings: { type: 'boolean' },
    blobs: { type: 'boolean' },
    mend: { type: 'boolean' },
    force: { type: 'boolean' },
  })
  const { json = false, settings = false, blobs = false, mend = false, force = false } = values
  const isWrong = blobs ? json || settings || (force && !mend) : mend || force
  if (isWrong || positionals.length > 0) throw new UsageError(USAGE)
  if (blobs) return compareBlobs({ mend, force })
  const examination = await examine()
  console.log(json ? JSON.stringify(examination, null, 2) : reportOf(examination, settings))
  if (!examination.healthy) process.exitCode = 1
}
