// The migrations folder: NNNN_name.up.sql and NNNN_name.down.sql, numbered from 1 without a gap.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface MigrationFile {
  version: number
  name: string
  /** SHA-256 of the up script, in hex. */
  checksum: string
  up: string
  down: string
}

/** The folder that comes with the server. */
export const migrationsDir = fileURLToPath(new URL('../../../migrations/', import.meta.url))

const FILE = /^(\d{4})_([a-z][a-z0-9_]*)\.(up|down)\.sql$/

/** Reads and checks a folder. Throws when a number is missing or used twice, or when one of the two directions is absent. */
export async function readMigrations(dir: string = migrationsDir): Promise<MigrationFile[]> {
  const names = (await readdir(dir)).filter((name) => FILE.test(name)).sort()
  const stems = [...new Set(names.map((name) => name.replace(/\.(up|down)\.sql$/, '')))]
  return Promise.all(
    stems.map(async (stem, place) => {
      const version = Number(stem.slice(0, 4))
      if (version !== place + 1)
        throw new Error(`The migrations are not numbered without a gap: ${stem} stands at place ${place + 1}.`)
      for (const direction of ['up', 'down']) {
        if (!names.includes(`${stem}.${direction}.sql`))
          throw new Error(`The migration ${stem} has no ${direction} script.`)
      }
      const [up, down] = await Promise.all(
        ['up', 'down'].map((direction) => readFile(join(dir, `${stem}.${direction}.sql`), 'utf8')),
      )
      return { version, name: stem.slice(5), checksum: checksumOf(up!), up: up!, down: down! }
    }),
  )
}

// Line ends depend on how the sources were checked out, not on what the migration does.
function checksumOf(script: string): string {
  return createHash('sha256').update(script.replaceAll('\r\n', '\n')).digest('hex')
}

/** Writes the two empty scripts of a new migration and answers their paths. The name is lower-case words with underscores. */
export async function newMigration(dir: string, name: string): Promise<{ version: number; up: string; down: string }> {
  if (!/^[a-z][a-z0-9_]{0,59}$/.test(name)) {
    throw new Error(
      `A migration is called in lower-case letters, digits and underscores, 60 at most: "${name}" is not.`,
    )
  }
  const version = (await readMigrations(dir)).length + 1
  const stem = join(dir, `${String(version).padStart(4, '0')}_${name}`)
  const [up, down] = [`${stem}.up.sql`, `${stem}.down.sql`]
  await writeFile(up, '-- What this changes, and why.\n', { flag: 'wx' })
  await writeFile(down, '-- How it is taken back, and what is lost then.\n', { flag: 'wx' })
  return { version, up, down }
}
