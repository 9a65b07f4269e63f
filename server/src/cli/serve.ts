// `ashlar serve`: the database of the installation and the rest of the program are made ready side by side.
import { findDatabase, readConfig } from './ground.ts'

export async function serve(): Promise<void> {
  const { config, log } = readConfig()
  const [place, { serveFrom }] = await Promise.all([findDatabase(config, log), import('./serving.ts')])
  await serveFrom(config, place, log)
}
