// The boundary check finds planted imports against the arrows, and leaves the allowed ones alone.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { boundaries } from './boundaries.ts'
import { plantedWorkspace } from './workspace.ts'

const app = `import { createUsers } from './modules/identity/users/index.ts'
import { createAudit } from './modules/foundation/audit/index.ts'
import { createDocuments } from './modules/product/documents/index.ts'
import { createFiles } from './modules/product/files/index.ts'
const audit = createAudit()
const users = createUsers(audit)
export const modules = [createFiles(users), createDocuments(users)]
`

const house = {
  'server/src/app.ts': app,
  'server/src/main.ts': `import './app.ts'\nimport { loadConfig } from './config.ts'\nloadConfig()\n`,
  'server/src/config.ts': `export function loadConfig() {}\nexport interface Config { port: number }\n`,
  'server/src/core/ids.ts': `import { randomBytes } from 'node:crypto'\nexport const id = randomBytes\n`,
  'server/src/drivers/database/index.ts': `import { id } from '../../core/ids.ts'\nimport type { Config } from '../../config.ts'\nexport const database = (c: Config) => id\n`,
  'server/src/modules/foundation/audit/index.ts': `export const createAudit = () => 1\n`,
  'server/src/modules/identity/users/index.ts': `import { createAudit } from '../../foundation/audit/index.ts'\nexport const createUsers = (_: number) => createAudit\n`,
  'server/src/modules/product/files/index.ts': `export { storeFile } from './files.service.ts'\nexport const createFiles = (_: unknown) => 1\n`,
  'server/src/modules/product/files/files.service.ts': `export const storeFile = 1\n`,
  'server/src/modules/product/documents/index.ts': `import { storeFile } from '../files/index.ts'\nexport const createDocuments = (_: unknown) => storeFile\n`,
}

async function messages(planted: Record<string, string>): Promise<string[]> {
  const findings = await boundaries.run(plantedWorkspace({ ...house, ...planted }))
  return findings.map(({ path, message }) => `${path.replace('server/src/', '')} ${message}`)
}

describe('boundaries', () => {
  it('accept a house in order', async () => {
    assert.deepEqual(await messages({}), [])
  })

  const refused: [string, Record<string, string>, RegExp][] = [
    [
      'core that imports a driver',
      { 'server/src/core/x.ts': `import { database } from '../drivers/database/index.ts'\n` },
      /core\/x\.ts is core and imports drivers/,
    ],
    [
      'core that imports types of the configuration',
      { 'server/src/core/x.ts': `import type { Config } from '../config.ts'\nexport type X = Config\n` },
      /core\/x\.ts imports the configuration/,
    ],
    [
      'a driver that imports a module, by type alone too',
      {
        'server/src/drivers/x.ts': `import type { A } from '../modules/foundation/audit/index.ts'\nexport type X = A\n`,
      },
      /drivers\/x\.ts is drivers and imports the module foundation\/audit/,
    ],
    [
      'a module that imports the inside of another',
      {
        'server/src/modules/product/documents/x.ts': `import { storeFile } from '../files/files.service.ts'\nexport const x = storeFile\n`,
      },
      /only index\.ts of another module/,
    ],
    [
      'a module that imports one registered later',
      {
        'server/src/modules/product/files/x.ts': `import { createDocuments } from '../documents/index.ts'\nexport const x = createDocuments\n`,
      },
      /files\/x\.ts imports the module product\/documents, which app registers later/,
    ],
    [
      'a module that imports a later tier',
      { 'server/src/modules/foundation/audit/x.ts': `export * from '../../identity/users/index.ts'\n` },
      /audit\/x\.ts is the module foundation\/audit and imports the module identity\/users/,
    ],
    [
      'an import at run time',
      { 'server/src/core/x.ts': `export const x = () => import('../drivers/database/index.ts')\n` },
      /core\/x\.ts is core and imports drivers/,
    ],
    [
      'a module that reads the configuration',
      { 'server/src/modules/product/files/x.ts': `import { loadConfig } from '../../../config.ts'\nloadConfig()\n` },
      /imports the configuration/,
    ],
    [
      'the inside of a module in app.ts',
      {
        'server/src/app.ts': `${app}import { storeFile } from './modules/product/files/files.service.ts'\nstoreFile\n`,
      },
      /app\.ts imports .*files\.service\.ts: only index\.ts/,
    ],
    [
      'a module that app.ts does not register',
      { 'server/src/modules/views/system/index.ts': 'export const createSystem = 1\n' },
      /views\/system\/index\.ts is a module that app does not register/,
    ],
    [
      'tiers out of order',
      { 'server/src/app.ts': app.replace('const audit = createAudit()\n', '').concat('createAudit()\n') },
      /app\.ts registers foundation\/audit after/,
    ],
    [
      'a circle',
      { 'server/src/core/a.ts': `import './b.ts'\n`, 'server/src/core/b.ts': `import './a.ts'\n` },
      /is part of a circle: core\/a\.ts → core\/b\.ts → core\/a\.ts/,
    ],
    [
      'a test among the product',
      { 'server/src/core/a.test.ts': '', 'server/src/core/a.ts': `import './a.test.ts'\n` },
      /which is a test/,
    ],
    [
      'a file that is not there',
      { 'server/src/core/a.ts': `import './gone.ts'\n` },
      /imports \.\/gone\.ts, which does not exist/,
    ],
    ['a file without a layer', { 'server/src/helpers.ts': '' }, /helpers\.ts stands in no layer/],
  ]
  for (const [what, planted, expected] of refused) {
    it(`refuse ${what}`, async () => {
      const found = await messages(planted)
      assert.ok(
        found.some((message) => expected.test(message)),
        `found only ${JSON.stringify(found)}`,
      )
    })
  }

  it('let two files know each other’s types', async () => {
    const planted = {
      'server/src/core/a.ts': `import type { B } from './b.ts'\nexport type A = B\n`,
      'server/src/core/b.ts': `import { x } from './a.ts'\nexport type B = typeof x\n`,
    }
    assert.deepEqual(await messages(planted), [])
  })
})
