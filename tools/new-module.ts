// `npm run new:module NAME`: a complete small module for a plural noun, with its migration, permissions, routes and test.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './generated.ts'
import { type Noun, named, nounOf, Refusal } from './new-module/names.ts'
import { withModule, withPermissions } from './new-module/register.ts'

const TEMPLATES = join(import.meta.dirname, 'new-module/template')
const APP = 'server/src/app/product.ts'
const CATALOGUE = 'server/src/modules/identity/roles/catalogue.ts'
const MIGRATIONS = 'server/migrations'

try {
  const noun = nounOf(process.argv[2])
  mustBeFree(noun)
  const made = newFiles(noun)
  const changed = {
    [APP]: withModule(read(APP), noun, readAll('server/src/app/*.ts')),
    [CATALOGUE]: withPermissions(read(CATALOGUE), noun),
  }
  write({ ...made, ...changed })
  tidy(Object.keys({ ...made, ...changed }))
  report(noun, Object.keys(made), Object.keys(changed))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}

/** Refuses a noun that a module or a table has. */
function mustBeFree({ plural }: Noun): void {
  const [folder] = globSync(`server/src/modules/*/${plural}`, { cwd: root })
  if (folder) throw new Refusal(`The module is there already: ${folder}.`)
  const table = new RegExp(`^CREATE (?:UNLOGGED )?TABLE "?${plural}"? `, 'm')
  const migration = readdirSync(join(root, MIGRATIONS)).find((file) => table.test(read(join(MIGRATIONS, file))))
  if (migration) throw new Refusal(`There is a table "${plural}" already, made by ${join(MIGRATIONS, migration)}.`)
}

/** The files of the module and its migration, by path from the root. */
function newFiles(noun: Noun): Record<string, string> {
  const last = readdirSync(join(root, MIGRATIONS)).filter((file) => /^\d{4}_.*\.up\.sql$/.test(file)).length
  const stem = `${MIGRATIONS}/${String(last + 1).padStart(4, '0')}_${noun.plural}`
  const files: Record<string, string> = {}
  for (const template of readdirSync(TEMPLATES).sort()) {
    const file = named(template, noun).replace(/\.txt$/, '')
    const path = file.endsWith('.sql') ? `${stem}.${file}` : `server/src/modules/product/${noun.plural}/${file}`
    files[path] = named(readFileSync(join(TEMPLATES, template), 'utf8'), noun)
  }
  return files
}

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

/** Line breaks depend on how long the noun is. Where the formatter is not installed, `npm run fix` does this later. */
function tidy(paths: string[]): void {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const sources = paths.filter((path) => path.endsWith('.ts'))
  if (existsSync(biome)) spawnSync(process.execPath, [biome, 'check', '--write', ...sources], { cwd: root })
}

function report({ plural }: Noun, made: string[], changed: string[]): void {
  const lines = [
    ...made.sort().map((path) => `made     ${path}`),
    ...changed.map((path) => `changed  ${path}`),
    '',
    `The module ${plural} lists, reads, makes, changes and deletes. Next:`,
    '',
    '  npm run fix              format what you change',
    '  npm run ashlar openapi   write its routes and errors into the documents',
    `  npm test -- ${plural.padEnd(12)} run its test`,
    '  npm run check            see that every rule is kept',
    '',
    'Then make it yours: columns in the migration and the tables file first, CONTRIBUTING.md has the order.',
  ]
  console.log(lines.join('\n'))
}

function readAll(pattern: string): string {
  return globSync(pattern, { cwd: root }).map(read).join('\n')
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
