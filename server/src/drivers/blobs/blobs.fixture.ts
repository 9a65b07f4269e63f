// Servers that stand in for S3 and Azure in tests: each speaks its protocol over the loopback, and keeps its data in a folder.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AzureOptions } from './azure.ts'
import type { S3Options } from './s3.ts'

const require = createRequire(import.meta.url)

export interface ServiceForTests<O> {
  options: O
  stop(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await fetch(url).catch(() => undefined)) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`${url} does not answer.`)
}

export const folder = () => mkdtemp(join(tmpdir(), 'ashlar-blobs-'))

async function start(script: string, args: string[], url: string, dir: string): Promise<() => Promise<void>> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--no-deprecation', script, ...args],
    {
      stdio: 'ignore',
    },
  )
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  await answers(url).catch(async (error) => {
    await stop()
    throw error
  })
  return stop
}

/** An S3-compatible server with one bucket. */
export async function startS3(): Promise<ServiceForTests<S3Options>> {
  const [dir, port] = [await folder(), await freePort()]
  const endpoint = `http://127.0.0.1:${port}`
  const args = ['-d', dir, '-a', '127.0.0.1', '-p', String(port), '-s', '--configure-bucket', 'ashlar']
  const stop = await start(require.resolve('s3rver/bin/s3rver.js'), args, endpoint, dir)
  const secretAccessKey = 'S3RVER'
  return { options: { endpoint, bucket: 'ashlar', region: 'us-east-1', accessKeyId: 'S3RVER', secretAccessKey }, stop }
}

/** The account that every Azurite knows. */
const ACCOUNT = 'devstoreaccount1'
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** An Azure Blob server with one container. */
export async function startAzure(): Promise<ServiceForTests<AzureOptions>> {
  const [dir, port] = [await folder(), await freePort()]
  const endpoint = `http://127.0.0.1:${port}`
  const args = ['-l', dir, '--blobHost', '127.0.0.1', '--blobPort', String(port), '--silent', '--skipApiVersionCheck']
  const script = require.resolve('azurite/dist/src/blob/main.js')
  const stop = await start(script, [...args, '--disableTelemetry', '--disableProductStyleUrl'], endpoint, dir)
  const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
  const credential = new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY)
  await new BlobServiceClient(`${endpoint}/${ACCOUNT}`, credential).getContainerClient('ashlar').create()
  return {
    options: { endpoint: `${endpoint}/${ACCOUNT}`, account: ACCOUNT, accountKey: ACCOUNT_KEY, container: 'ashlar' },
    stop,
  }
}
