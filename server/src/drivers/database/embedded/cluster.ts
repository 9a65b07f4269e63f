// The database's files: made whole or not at all, and what they tell about the server on them.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { commandLine, environment, type Runner, run } from './account.ts'

export const OWNER = 'ashlar'
export const DATABASE = 'ashlar'

const DRAFT_PREFIX = 'pg.new-'
const PASSWORD_FILE = 'ashlar.password'
// Above every pid that a kernel gives out.
const NO_PID = 2 ** 31 - 1

export interface Cluster {
  directory: string
  owner: { uid: number; gid: number }
  major: number
  password: string
}

/** The cluster under the data directory, or undefined when there is none yet. Throws when the folder is something else. */
export function readCluster(dataDir: string): Cluster | undefined {
  const directory = join(dataDir, 'pg')
  const stat = fs.statSync(directory, { throwIfNoEntry: false })
  if (!stat) return undefined
  try {
    const major = Number(fs.readFileSync(join(directory, 'PG_VERSION'), 'utf8'))
    const password = fs.readFileSync(join(directory, PASSWORD_FILE), 'utf8').trim()
    return { directory, owner: { uid: stat.uid, gid: stat.gid }, major, password }
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(
      `${directory} cannot be used as the embedded database (its owner is user id ${stat.uid}): ${reason}`,
      {
        cause,
      },
    )
  }
}

/**
 * Makes the cluster in a draft folder and gives it its name at the very end, so that a half-made one is never taken for a
 * database. `durable` false skips the flush to disk (tests).
 */
export async function createCluster(dataDir: string, runner: Runner, durable: boolean): Promise<Cluster> {
  const draft = fs.mkdtempSync(join(dataDir, DRAFT_PREFIX))
  const directory = join(draft, 'pg')
  const password = randomBytes(24).toString('base64url')
  const passwordFile = join(draft, PASSWORD_FILE)
  const { owner } = runner.account
  writeDurably(passwordFile, `${password}\n`)
  fs.chownSync(passwordFile, owner.uid, owner.gid)
  fs.chownSync(draft, owner.uid, owner.gid)

  const flush = durable ? [] : ['--no-sync']
  const initdb = [join(runner.binaries.bin, 'initdb'), '-D', directory, `--pwfile=${passwordFile}`, ...flush]
  await complete(runner, [...initdb, ...initdbOptions(runner.major)])
  const single = [join(runner.binaries.bin, 'postgres'), '--single', '-D', directory]
  await complete(runner, [...single, ...(durable ? [] : ['-F']), 'postgres'], `CREATE DATABASE ${DATABASE}\n`)

  fs.renameSync(passwordFile, join(directory, PASSWORD_FILE))
  flushFolder(directory)
  fs.renameSync(directory, join(dataDir, 'pg'))
  flushFolder(dataDir)
  fs.rmdirSync(draft)
  const made = readCluster(dataDir)
  if (!made) throw new Error(`${join(dataDir, 'pg')} vanished while it was made`)
  return made
}

function initdbOptions(major: number): string[] {
  const locale =
    major >= 17
      ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
      : ['--locale=C', `--lc-ctype=${process.platform === 'darwin' ? 'UTF-8' : 'C.UTF-8'}`]
  return [`--username=${OWNER}`, '--auth=scram-sha-256', '--encoding=UTF8', '--data-checksums', ...locale]
}

/** Runs one of PostgreSQL's tools; it ends with us, so that none writes on into a draft that we no longer know. */
async function complete(runner: Runner, program: string[], input?: string): Promise<void> {
  const { file, args, identity } = commandLine(runner, 'KILL', program)
  const { code, output } = await run(file, args, { env: environment(runner.binaries), ...identity, input })
  // A standalone backend ends with 0 after a failed statement, too.
  if (code !== 0 || /^.*(ERROR|FATAL):/m.test(output))
    throw new Error(`The embedded database could not be made as ${runner.account.name}: ${output.trim()}`)
}

/** Removes what is left of a cluster whose making was cut short. Only who has claimed the data directory may. */
export function removeDrafts(dataDir: string): void {
  for (const name of fs.readdirSync(dataDir)) {
    if (name.startsWith(DRAFT_PREFIX)) fs.rmSync(join(dataDir, name), { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Hands every file of a stopped cluster to another owner. */
export function giveTo(directory: string, owner: { uid: number; gid: number }): void {
  for (const name of fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    fs.lchownSync(join(directory, name), owner.uid, owner.gid)
  fs.lchownSync(directory, owner.uid, owner.gid)
}

export interface PostmasterFile {
  pid: number
  port: number
  /** `starting`, `ready`, `stopping`, `standby`, or empty while the file is being written. */
  status: string
}

/** What the running (or last) server wrote about itself in postmaster.pid. */
export function readPostmasterFile(directory: string): PostmasterFile | undefined {
  let lines: string[]
  try {
    lines = fs.readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() }
}

/**
 * Corrects a postmaster.pid whose pid now belongs to another program, which would keep PostgreSQL from starting.
 * Only the pid is replaced: the shared-memory key below it lets PostgreSQL see backends that outlived their postmaster.
 */
export function disownPostmasterFile(directory: string): void {
  const path = join(directory, 'postmaster.pid')
  const [, ...rest] = fs.readFileSync(path, 'utf8').split('\n')
  fs.writeFileSync(path, [NO_PID, ...rest].join('\n'))
}

function writeDurably(path: string, text: string): void {
  fs.writeFileSync(path, text, { mode: 0o600, flag: 'wx', flush: true })
}

function flushFolder(path: string): void {
  const handle = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
}
