// The program: `ashlar <verb>`. Each verb is a file in cli/, loaded when it is asked for.
import { ConfigurationError } from './config.ts'

const VERBS: Record<string, { summary: string; load(): Promise<(args: string[]) => Promise<void>> }> = {
  serve: { summary: 'start the API, with its jobs', load: async () => (await import('./cli/serve.ts')).serve },
  worker: { summary: 'work on jobs, without the API', load: async () => (await import('./cli/worker.ts')).worker },
  migrate: {
    summary: 'up | down --to N | status | check | new NAME: the database schema',
    load: async () => (await import('./cli/migrate.ts')).migrate,
  },
  seed: {
    summary: 'default roles and permissions; --demo [--size N] [--tenants N] adds demonstration data',
    load: async () => (await import('./cli/seed.ts')).seed,
  },
  admin: {
    summary: 'create --email ADDRESS: an account of the back office',
    load: async () => (await import('./cli/admin.ts')).admin,
  },
  audit: {
    summary: 'verify [--tenant ID]: whether the audit trail is as it was written',
    load: async () => (await import('./cli/audit.ts')).audit,
  },
  doctor: {
    summary:
      '[--json] [--settings]: whether all that is set up works, and how to mend it; --blobs compares files with their rows',
    load: async () => (await import('./cli/doctor.ts')).doctor,
  },
  verify: {
    summary: 'isolation [--url URL] [--json]: proves over HTTP that no tenant reaches another',
    load: async () => (await import('./cli/verify.ts')).verify,
  },
  openapi: {
    summary: 'write openapi.json and the errors page; --check only compares',
    load: async () => (await import('./cli/openapi.ts')).openapi,
  },
}

const [verb = 'serve', ...args] = process.argv.slice(2)
const known = VERBS[verb]

if (!known) {
  const lines = Object.entries(VERBS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  const asked = ['help', '--help', '-h'].includes(verb)
  console.log(`${asked ? '' : `There is no verb "${verb}".\n\n`}ashlar <verb>\n\n${lines.join('\n')}`)
  process.exitCode = asked ? 0 : 2
} else {
  try {
    const run = await known.load()
    await run(args)
  } catch (error) {
    // A person reads this: the sentence, not the stack, where the sentence says it all.
    const expected =
      error instanceof ConfigurationError ||
      (error instanceof Error && ['MigrationRefused', 'UsageError'].includes(error.name))
    console.error(expected ? (error as Error).message : error)
    // What it had begun, a pool or a queue, would keep it alive: whoever started it is to know that it failed.
    process.exit(1)
  }
}
