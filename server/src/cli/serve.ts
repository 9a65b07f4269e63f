// `ashlar serve`: the database of the installation and the rest of the program are made ready side by side.
import { refuseArguments } from './arguments.ts'
import { findDatabase, readConfig } from './ground.ts'
import { mustTakeSign } from './leaving.ts'

export async function serve(args: string[]): Promise<void> {
  refuseArguments(args, 'serve')
  const { config, log } = readConfig()
  mustTakeSign(config.server.shutdownFile)
  const [place, { serveFrom }] = await Promise.all([findDatabase(config, log), import('./serving.ts')])
  await serveFrom(config, place, log)
}
