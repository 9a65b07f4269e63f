#!/usr/bin/env node
// Asks the server on this machine whether requests may come: ends with 0 if so. `ready.mjs 60` asks again for up to 60 seconds.
const { HOST = '127.0.0.1', PORT = '8000' } = process.env
const EVERYWHERE = ['', '0.0.0.0', '::']
const host = EVERYWHERE.includes(HOST) ? '127.0.0.1' : HOST
const url = `http://${host.includes(':') ? `[${host}]` : host}:${PORT}/health/ready`
const until = Date.now() + Number(process.argv[2] ?? 0) * 1000

const isReady = () =>
  fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'error' }).then(
    ({ ok }) => ok,
    () => false,
  )

let ready = await isReady()
while (!ready && Date.now() < until) {
  await new Promise((resolve) => setTimeout(resolve, 100))
  ready = await isReady()
}
if (!ready) console.error(`${url} is not ready.`)
process.exitCode = ready ? 0 : 1
