// `ashlar seed`: the default roles and permissions of every tenant, the first administrator, and demonstration data.

import { refreshStatistics } from '../drivers/database/index.ts'
import { readArguments, UsageError } from './arguments.ts'
import { DEMO_PASSWORD, seedDemo } from './demo/demo.ts'
import { withApp } from './runtime.ts'
import { prepareInstallation } from './setup.ts'

const MAX_SIZE = 10_000_000
const MAX_TENANTS = 100_000

export async function seed(args: string[]): Promise<void> {
  const { values } = readArguments(args, {
    demo: { type: 'boolean', default: false },
    size: { type: 'string', default: '0' },
    tenants: { type: 'string', default: '0' },
  })
  const size = readNumber(values.size, '--size takes a number of accounts', MAX_SIZE)
  const tenants = readNumber(values.tenants, '--tenants takes a number of tenants', MAX_TENANTS)
  if ((size > 0 || tenants > 0) && !values.demo) throw new UsageError('--size and --tenants belong to --demo.')
  await withApp(async (app, { database }, config, { ownerUrl }) => {
    if (values.demo && config.app.strict)
      throw new UsageError('--demo makes accounts whose password everybody knows: not in production or staging.')
    const administrator = await prepareInstallation(app, database, config)
    console.log('Roles and permissions are up to date.')
    if (administrator)
      console.log(
        `First administrator: ${administrator.email}${administrator.password ? `, password ${administrator.password} (shown this once)` : ''}`,
      )
    if (!values.demo) return
    const progress = (done: number, of: number, what: string) => console.log(`${done} of ${of} ${what}`)
    await seedDemo(database, app.hashing, { size, tenants, progress })
    if (ownerUrl) await refreshStatistics(ownerUrl)
    console.log(`Demonstration data is there. Sign in as admin@halolight.h7ml.cn, password ${DEMO_PASSWORD}.`)
  })
}

function readNumber(given: string, says: string, most: number): number {
  const number = Number(given)
  if (!Number.isInteger(number) || number < 0 || number > most) throw new UsageError(`${says}, 0 to ${most}.`)
  return number
}
