// `ashlar admin create`: an account of the back office, from the terminal of the operator.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Problem } from '../core/errors.ts'
import { readArguments, UsageError } from './arguments.ts'
import { withApp } from './runtime.ts'
import { readablePassword } from './setup.ts'

const USAGE = 'ashlar admin create --email ADDRESS [--name NAME] [--username NAME] [--password-stdin]'

export async function admin(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args, {
    email: { type: 'string' },
    name: { type: 'string' },
    username: { type: 'string' },
    'password-stdin': { type: 'boolean', default: false },
  })
  if (positionals.join(' ') !== 'create') throw new UsageError(USAGE)
  const { email, name, username } = values
  if (!email || !/^[^\s@]+@[^\s@]+$/.test(email)) throw new UsageError(`--email takes an e-mail address.\n${USAGE}`)
  const chosen = await readPassword(values['password-stdin'])
  const password = chosen ?? readablePassword()
  await withApp(async ({ admins }) => {
    const account = await admins
      .create(
        { kind: 'system', name: 'cli' },
        { email, password, ...(name && { name }), ...(username && { username }) },
      )
      .catch((error: unknown) => {
        throw error instanceof Problem ? new UsageError(sentenceOf(error)) : error
      })
    console.log(`Administrator ${account.email}, username ${account.username}`)
    if (chosen === undefined) console.log(`Password ${password} (shown this once and kept nowhere)`)
  })
}

function sentenceOf(problem: Problem): string {
  return problem.fields[0]?.message ?? problem.message
}

/** The password from a pipe or from the person at the terminal; undefined when one is to be made. */
async function readPassword(piped: boolean): Promise<string | undefined> {
  if (piped) return (await text(process.stdin)).split(/\r?\n/)[0] || undefined
  if (!process.stdin.isTTY) return undefined
  process.stdout.write('Password (leave empty to have one made): ')
  // What is typed must not be shown: the prompt writes to nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const prompt = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  prompt.on('SIGINT', () => process.exit(130))
  const typed = await prompt.question('')
  prompt.close()
  process.stdout.write('\n')
  return typed || undefined
}
