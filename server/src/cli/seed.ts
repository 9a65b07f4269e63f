// `ashlar seed`: the default roles and permissions of every tenant, and on an empty installation the first administrator.
import { readArguments } from './arguments.ts'
import { withApp } from './runtime.ts'
import { prepareInstallation } from './setup.ts'

export async function seed(args: string[]): Promise<void> {
  readArguments(args, {})
  await withApp(async (app, { database }, config) => {
    const administrator = await prepareInstallation(app, database, config)
    console.log('Roles and permissions are up to date.')
    if (administrator)
      console.log(
        `First administrator: ${administrator.email}${administrator.password ? `, password ${administrator.password} (shown this once)` : ''}`,
      )
  })
}
