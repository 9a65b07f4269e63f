// The limit of transfers: a bare `node:http` server that pipes a body into a file, and a file into an answer.
import { createReadStream, createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const path = join(process.env.PIPE_DIR!, 'piped')

const server = createServer({ requestTimeout: 0 }, async (request, response) => {
  try {
    if (request.method === 'GET') return await pipeline(createReadStream(path), response)
    // As durable as what it is compared with: the answer comes after the disk has it.
    await pipeline(request, createWriteStream(path, { flush: true }))
    response.end()
  } catch {
    response.destroy()
  }
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as { port: number }).port })))
