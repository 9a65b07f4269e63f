// One Ashlar process on one data directory: each process states its claim in a file, and yields to a claim that lives.
import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pidSpace, startOf } from './processes.ts'

const PREFIX = 'pg.claim-'
const ATTEMPTS = 6
const HEARTBEAT_MS = 5000
const SILENT_MS = 3 * HEARTBEAT_MS

export interface Claim {
  release(): void
}

/**
 * Claims the directory for this process, or throws an error that names the process which has it.
 *
 * A lock file that a dead process leaves must be stolen, and two thieves can steal from each other. Here nothing is stolen:
 * a claim's name is pid and start time, so it is never used twice and the claim of a dead process can be removed by anybody.
 * Everybody writes first and reads second, so of two that start together at least one sees the other and steps back.
 */
export async function claimDirectory(dataDir: string): Promise<Claim> {
  const space = pidSpace()
  const name = `${PREFIX}${space}-${process.pid}-${startOf(process.pid)}`
  const path = join(dataDir, name)
  let rival: string | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    state(path, dataDir)
    rival = await livingRival(dataDir, name, space)
    if (!rival) return keep(path)
    rmSync(path, { force: true })
    await sleep(20 + Math.random() * 60)
  }
  throw new Error(
    `The data directory ${dataDir} is in use by another Ashlar process (pid ${rival}). Stop that process, or give this one its own DATA_DIR.`,
  )
}

function state(path: string, dataDir: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`The data directory ${dataDir} is already in use by this process (pid ${process.pid}).`)
  }
}

function keep(path: string): Claim {
  const beat = setInterval(() => touch(path), HEARTBEAT_MS).unref()
  return {
    release() {
      clearInterval(beat)
      rmSync(path, { force: true })
    },
  }
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // The directory was removed below us: there is nothing left to claim.
  }
}

/** The pid of a living process with a claim, after removing the claims of dead ones. */
async function livingRival(dataDir: string, own: string, space: string): Promise<string | undefined> {
  for (const name of readdirSync(dataDir)) {
    if (!name.startsWith(PREFIX) || name === own) continue
    const [theirSpace, pid = '', start] = name.slice(PREFIX.length).split('-')
    const path = join(dataDir, name)
    const lives = theirSpace === space ? startOf(Number(pid)) === start : await hasHeartbeat(path)
    if (lives) return theirSpace === space ? pid : `${pid} of another machine or container`
    rmSync(path, { force: true })
  }
  return undefined
}

/** Pids of another container mean nothing here: a claim from there lives while its file is touched. */
async function hasHeartbeat(path: string): Promise<boolean> {
  const seen = touchedAt(path)
  while (seen !== undefined && Date.now() - seen < SILENT_MS) {
    if (touchedAt(path) !== seen) return touchedAt(path) !== undefined
    await sleep(200)
  }
  return false
}

function touchedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
