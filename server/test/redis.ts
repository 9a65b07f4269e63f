// A Redis of a test's own, where the machine has the program.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'

const PROGRAM = '/usr/bin/redis-server'

/** Why tests with Redis cannot run here; undefined when they can. */
export const redisMissing = existsSync(PROGRAM) ? undefined : `there is no ${PROGRAM}`

export interface TestRedis {
  url: string
  /** The keys that it holds now. */
  keys(): Promise<string[]>
  publish(channel: string, text: string): Promise<number>
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>
  /** Stops it in its tracks: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
}

/** Starts a Redis on a free port that keeps nothing on disk. End it with `kill`. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let child = await launch(port, url)
  return {
    url,
    keys: () => withRedis(url, (redis) => redis.keys('*')),
    publish: (channel, text) => withRedis(url, (redis) => redis.publish(channel, text)),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await ended
    },
    async restart() {
      child = await launch(port, url)
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  }
}

async function launch(port: number, url: string): Promise<ChildProcess> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn(PROGRAM, settings, { stdio: 'ignore' })
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await withRedis(url, (redis) => redis.ping()).catch(() => undefined)) return child
    await wait(50)
  }
  child.kill('SIGKILL')
  throw new Error('Redis did not start.')
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })
}
