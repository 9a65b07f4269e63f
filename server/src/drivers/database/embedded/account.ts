// Under whose account PostgreSQL runs: it refuses to be root, and root's folders are often closed to everybody else.
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'

export interface Account {
  /** What to call it in a message. */
  name: string
  /** Who owns the database's files, seen from this process. */
  owner: { uid: number; gid: number }
  /** The identity to take on before the program starts; undefined keeps our own. */
  become?: { uid: number; gid: number }
  /** The program and arguments to put in front. */
  prefix: string[]
}

/** How to run one set of programs here: tried, not assumed. */
export interface Runner {
  binaries: Binaries
  account: Account
  /** The version that the programs told, such as `18.4`. */
  version: string
  major: number
  /** Path of a setpriv that can tie a program's life to ours; undefined where there is none. */
  setpriv: string | undefined
}

/**
 * The accounts to try, best first.
 *
 * As root, a real other user comes first: it works in every container, and a server that is broken into holds nothing of
 * root's. It fails when that user cannot enter the folders (a project below /root). Then a user namespace helps, in which
 * root's own id carries another number: every path that we can reach is reachable, and nothing changes hands; but it is
 * root who owns the process, and containers often forbid it. So it is second. A cluster that exists keeps its owner
 * as long as that works, for changing it means changing every file.
 */
export function accounts(clusterOwner: { uid: number; gid: number } | undefined): Account[] {
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  const stand = systemUser('postgres') ?? systemUser('nobody')
  const namespace: Account[] = []
  const unshare = findProgram('unshare')
  if (stand && unshare) {
    const prefix = [unshare, '--user', `--map-user=${stand.uid}`, `--map-group=${stand.gid}`]
    namespace.push({ name: 'this user in a user namespace', owner: self, prefix })
  }
  if (self.uid !== 0) {
    const plain: Account = { name: 'this user', owner: self, prefix: [] }
    // initdb insists on a name for its user id; a container may run under a number without one.
    return hasName() ? [plain] : [...namespace, plain]
  }
  const other = clusterOwner && clusterOwner.uid !== 0 ? clusterOwner : stand
  const drop: Account[] = other ? [{ name: `user id ${other.uid}`, owner: other, become: other, prefix: [] }] : []
  return clusterOwner?.uid === 0 ? [...namespace, ...drop] : [...drop, ...namespace]
}

/** The command line that runs a program of the runner so that it gets `deathSignal` when this process ends. */
export function commandLine(
  runner: Pick<Runner, 'account' | 'setpriv'>,
  deathSignal: 'INT' | 'KILL',
  program: string[],
): { file: string; args: string[]; identity: { uid?: number; gid?: number } } {
  // setpriv comes last: a change of credentials, in spawn or in unshare, clears the parent-death signal again.
  const tie = runner.setpriv ? [runner.setpriv, '--pdeathsig', deathSignal] : []
  const [file = '', ...args] = [...runner.account.prefix, ...tie, ...program]
  return { file, args, identity: runner.account.become ?? {} }
}

/** Runs `postgres --version` under the account and enters the folder. Returns the runner, or the reason why it does not work. */
export async function tryRunner(binaries: Binaries, account: Account, folder: string): Promise<Runner | string> {
  const found = findProgram('setpriv')
  let reason = ''
  for (const setpriv of found ? [found, undefined] : [undefined]) {
    const script = 'cd "$2" && exec "$1" --version'
    const program = ['/bin/sh', '-c', script, 'sh', join(binaries.bin, 'postgres'), folder]
    const { file, args, identity } = commandLine({ account, setpriv }, 'KILL', program)
    const { code, output } = await run(file, args, { env: environment(binaries), ...identity })
    const version = /PostgreSQL\) (\d+(\.\d+)?)/.exec(output)?.[1]
    if (code === 0 && version) return { binaries, account, version, major: Number.parseInt(version, 10), setpriv }
    reason = output.trim() || `exit code ${code}`
  }
  return reason
}

/** The whole environment of the programs: nothing of ours, above all no PG… variable, may leak in. */
export function environment(binaries: Binaries): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...binaries.env }
}

/** Runs a program to its end and returns its exit code and all it wrote. */
export function run(
  file: string,
  args: string[],
  options: { env: Record<string, string>; uid?: number; gid?: number; input?: string },
): Promise<{ code: number | null; output: string }> {
  const { input, ...rest } = options
  return new Promise((done) => {
    const child = spawn(file, args, { ...rest, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    const add = (text: Buffer) => {
      output += text.toString('utf8')
    }
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    child.stdin.on('error', () => {}) // the program may end without reading
    child.on('error', (error) => done({ code: null, output: error.message }))
    child.on('close', (code) => done({ code, output }))
    child.stdin.end(input ?? '')
  })
}

function systemUser(name: string): { uid: number; gid: number } | undefined {
  try {
    const line = readFileSync('/etc/passwd', 'utf8').match(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm'))
    return line ? { uid: Number(line[1]), gid: Number(line[2]) } : undefined
  } catch {
    return undefined
  }
}

function hasName(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
