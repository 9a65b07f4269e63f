// `ashlar migrate up|down|status|check|new`: the schema, in the hands of its owner.
import { glob } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { migrationsDir } from '../drivers/database/migration-files.ts'
import {
  type MigrateResult,
  migrateDown,
  migrateUp,
  migrationStatus,
  newMigration,
} from '../drivers/database/migrations.ts'
import { readArguments, UsageError } from './arguments.ts'
import { mustFit } from './reach.ts'
import { prepareQueue, rowSecurityOf, withOwner } from './runtime.ts'

const USAGE = 'ashlar migrate up [--to N] | down --to N | status | check | new NAME'

export async function migrate(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args, { to: { type: 'string' } })
  const [verb, name] = positionals
  const to = values.to === undefined ? undefined : Number(values.to)
  if (to !== undefined && !(Number.isInteger(to) && to >= 0))
    throw new UsageError(`--to takes the number of a migration.\n${USAGE}`)
  switch (verb) {
    // What changes a schema is never guessed.
    case undefined:
      console.error(USAGE)
      process.exitCode = 2
      return
    case 'up':
      return withOwner(async (client, config, ownerUrl) => {
        await mustFit(client, config)
        report(await migrateUp(client, { rowSecurity: rowSecurityOf(config), ...(to !== undefined && { to }) }))
        if (to === undefined) await prepareQueue(config, ownerUrl)
      })
    case 'down':
      if (to === undefined) throw new UsageError(`down needs --to N: it takes back every migration after N.\n${USAGE}`)
      return withOwner(
        async (client, config) => report(await migrateDown(client, { rowSecurity: rowSecurityOf(config), to })),
        { existing: true },
      )
    case 'status':
      return showStatus()
    case 'check':
      return check()
    case 'new':
      return create(name)
    default:
      throw new UsageError(`There is no "migrate ${verb}".\n${USAGE}`)
  }
}

function report({ from, to, ran }: MigrateResult): void {
  for (const { version, name, milliseconds, adopted } of ran)
    console.log(`${String(version).padStart(4, '0')} ${name}  ${adopted ? 'adopted' : `${milliseconds} ms`}`)
  console.log(
    ran.length
      ? `The database went from version ${from} to ${to}.`
      : `The database is at version ${to}: nothing to do.`,
  )
}

async function showStatus(): Promise<void> {
  await withOwner(
    async (client) => {
      const { current, latest, migrations, problems } = await migrationStatus(client)
      for (const { version, name, state, appliedAt } of migrations) {
        console.log(
          `${String(version).padStart(4, '0')} ${name.padEnd(30)} ${state}${appliedAt ? `  ${appliedAt.toISOString()}` : ''}`,
        )
      }
      console.log(`The database is at version ${current} of ${latest}.`)
      for (const problem of problems) console.error(problem)
      if (problems.length) process.exitCode = 1
    },
    { existing: true },
  )
}

async function check(): Promise<void> {
  const { checkSchema } = await import('../drivers/database/schema-check.ts')
  const declarations = await loadDeclarations()
  await withOwner(
    async (client, config) => {
      const { problems, current, latest } = await migrationStatus(client)
      const behind = current < latest ? [`The database is at version ${current} of ${latest}.`] : []
      const faults = [...problems, ...behind, ...(await checkSchema(client, declarations, rowSecurityOf(config)))]
      for (const fault of faults) console.error(fault)
      if (faults.length) process.exitCode = 1
      else console.log('The database is what the code declares.')
    },
    { existing: true },
  )
}

/** Every `*.tables.ts` of the server. */
async function loadDeclarations(): Promise<Record<string, unknown>[]> {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const files: string[] = []
  for await (const file of glob('**/*.tables.ts', { cwd: root })) files.push(file)
  return Promise.all(files.sort().map((file) => import(new URL(`../${file}`, import.meta.url).href)))
}

async function create(name: string | undefined): Promise<void> {
  if (!name) throw new UsageError(`new needs a name, such as add_widgets.\n${USAGE}`)
  const { up, down } = await newMigration(migrationsDir, name)
  console.log(`${up}\n${down}`)
}
