// A large file up and down: how fast beside a bare pipe, and what it takes of the process's memory.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { residentMb } from './load.ts'
import type { Report } from './report.ts'
import { type Bench, signIn } from './servers.ts'

const MB = 1024 * 1024
const CHUNK = Buffer.alloc(MB, 'a stone, and another one, and so on to the end of the quarry. ')
const LINE = '\r\n'

interface Sent {
  headers: Record<string, string>
  path: string
  method: string
  head?: string
  tail?: string
}

export async function measureFiles(bench: Bench, report: Report, megabytes: number, rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ashlar-bench-files-'))
  mkdirSync(join(dir, 'uploads'))
  let memory: ReturnType<typeof watch> | undefined
  try {
    const database = await bench.database('bench_files', 100)
    const server = await bench.ashlar(database, {
      UPLOAD_DIR: join(dir, 'uploads'),
      MAX_UPLOAD_MB: '4096',
      STORAGE_USER_QUOTA_MB: '100000',
      STORAGE_TENANT_QUOTA_MB: '100000',
    })
    const pipe = await bench.pipe(dir)
    const token = await signIn(server.url, 'administrator', 'Adm1n-Passw0rd!')
    memory = watch(server.pid)
    const speeds = { up: [] as number[], pipedUp: [] as number[], down: [] as number[], pipedDown: [] as number[] }
    // What a first transfer costs once: code, and the buffers that stay.
    await upload(server.url, token, 64)
    const before = residentMb(server.pid)
    for (let round = 0; round < rounds; round++) {
      const sent = await upload(server.url, token, megabytes)
      speeds.up.push(sent.speed)
      speeds.pipedUp.push((await send(pipe.url, { method: 'PUT', path: '/', headers: {} }, megabytes)).speed)
      const headers = { authorization: `Bearer ${token}` }
      speeds.down.push(await read(server.url, `/api/v1/files/${sent.id}/content`, headers, megabytes))
      speeds.pipedDown.push(await read(pipe.url, '/', {}, megabytes))
    }
    const size = megabytes >= 1_000 ? `${megabytes / 1_000} GB` : `${megabytes} MB`
    report.transfers.push(
      { what: `upload of ${size}`, ours: middle(speeds.up), limit: middle(speeds.pipedUp), target: 0.7 },
      { what: `download of ${size}`, ours: middle(speeds.down), limit: middle(speeds.pipedDown), target: 0.7 },
    )
    const [peak, after] = [memory.stop(), residentMb(server.pid)]
    report.facts.push(
      { what: `memory before files of ${size} go up and down`, value: before, unit: 'MB', target: 300 },
      { what: 'growth of memory at its peak meanwhile', value: peak - before, unit: 'MB', target: 50 },
      { what: 'growth of memory afterwards', value: Math.max(0, after - before), unit: 'MB', target: 50 },
    )
    await server.stop()
    await pipe.stop()
  } finally {
    memory?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

function upload(url: string, token: string, megabytes: number): Promise<{ speed: number; id: string }> {
  const head = [
    '--x',
    'content-disposition: form-data; name="file"; filename="large.txt"',
    'content-type: text/plain',
    '',
    '',
  ].join(LINE)
  return send(
    url,
    {
      method: 'POST',
      path: '/api/v1/files/upload',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' },
      // A beginning of its own: the same content twice would be one blob.
      head: `${head}${Math.random()}`,
      tail: `${LINE}--x--${LINE}`,
    },
    megabytes,
  )
}

/** Sends so much as fast as it is taken; answers megabytes a second. */
function send(url: string, sent: Sent, megabytes: number): Promise<{ speed: number; id: string }> {
  const { hostname, port } = new URL(url)
  const { method, path, headers, head = '', tail = '' } = sent
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const out = request({ hostname, port, method, path, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      answer.on('end', () => {
        if (answer.statusCode! >= 300) return reject(new Error(`${answer.statusCode} ${text}`))
        const speed = megabytes / ((performance.now() - begun) / 1000)
        resolve({ speed, id: text ? JSON.parse(text).id : '' })
      })
    })
    out.on('error', reject)
    out.write(head)
    let left = megabytes
    const more = () => {
      while (left > 0) {
        left--
        if (!out.write(CHUNK)) return void out.once('drain', more)
      }
      out.end(tail)
    }
    more()
  })
}

/** Reads it and forgets it; answers megabytes a second. */
function read(url: string, path: string, headers: Record<string, string>, megabytes: number): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    request({ hostname, port, path, headers }, (answer) => {
      let bytes = 0
      answer.on('data', (part: Buffer) => {
        bytes += part.length
      })
      answer.on('end', () => {
        if (bytes < megabytes * MB) reject(new Error(`${answer.statusCode}: ${bytes} bytes came`))
        else resolve(bytes / MB / ((performance.now() - begun) / 1000))
      })
      answer.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

/** Follows the resident memory of a process; `stop` answers its peak, in MB. */
function watch(pid: number): { stop(): number } {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMb(pid))
  }, 100)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      return peak
    },
  }
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
