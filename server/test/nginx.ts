// The nginx of deploy/nginx.conf in front of a test's nodes, where the machine has the program; without TLS, on a free port.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PROGRAM = '/usr/sbin/nginx'
const EXAMPLE = new URL('../../deploy/nginx.conf', import.meta.url)

/** Why tests with nginx cannot run here; undefined when they can. */
export const nginxMissing = existsSync(PROGRAM) ? undefined : `there is no ${PROGRAM}`

export interface TestNginx {
  url: string
  /** What it has complained of. */
  errors(): string
  stop(): Promise<void>
}

/** The example, with these nodes in the place of its own. */
function exampleFor(ports: readonly number[], signs: string): string {
  const text = readFileSync(EXAMPLE, 'utf8')
  const [group = ''] = /upstream ashlar \{[^}]*\}/.exec(text) ?? []
  const [server = ''] = /^ +server 127\.0\.0\.1:8000.*\n/m.exec(group) ?? []
  const [choice = ''] = /^ +if \(-f .*8000.*\n/m.exec(text) ?? []
  if (!server || !choice) throw new Error('deploy/nginx.conf has another shape than this knows.')
  const groupOf = (name: string, members: readonly number[]) =>
    group
      .replaceAll(/^ +server .*\n/gm, '')
      .replace(
        'upstream ashlar {\n',
        `upstream ${name} {\n${members.map((port) => server.replace('8000', `${port}`)).join('')}`,
      )
  const groups = [
    groupOf('ashlar', ports),
    ...ports.map((port) =>
      groupOf(
        `ashlar_without_${port}`,
        ports.filter((other) => other !== port),
      ),
    ),
  ]
  const choices = ports.map((port) => choice.replaceAll('8000', `${port}`).replace('/run/ashlar', signs))
  return text
    .replaceAll(/^upstream [^}]*\}\n/gm, '')
    .replaceAll(/^ +if \(-f .*\n/gm, '')
    .replace(/^ +set \$nodes ashlar;\n/m, (line) => line + choices.join(''))
    .concat(groups.join('\n'))
}

/** Starts nginx over nodes on these ports of 127.0.0.1, whose signs of leaving are `<signs>/<port>.leaving`. */
export async function startNginx(ports: readonly number[], signs: string): Promise<TestNginx> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-nginx-'))
  const site = exampleFor(ports, signs)
    .replace('listen 443 ssl http2', `listen 127.0.0.1:${port}`)
    .replaceAll(/^ +ssl_.*\n/gm, '')
  writeFileSync(join(folder, 'site.conf'), site)
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 2; pid ${folder}/pid; error_log ${folder}/errors warn;
events { worker_connections 2048; }
http { access_log off; ${places.join(' ')} include ${folder}/site.conf; }
`,
  )
  const child = spawn(PROGRAM, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const url = `http://127.0.0.1:${port}`
  const errors = () => (existsSync(join(folder, 'errors')) ? readFileSync(join(folder, 'errors'), 'utf8') : '')
  for (let attempt = 0; ; attempt++) {
    if (await fetch(url).catch(() => undefined)) break
    if (attempt === 100 || child.exitCode !== null) throw new Error(`nginx does not answer. ${errors()}`)
    await sleep(50)
  }
  return {
    url,
    errors,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A port of 127.0.0.1 that nobody has at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
