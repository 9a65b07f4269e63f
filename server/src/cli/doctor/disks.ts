// Whether there is room where something is kept, and a place for the sign of a stop.
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { signFault } from '../leaving.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export interface RoomLimits {
  /** Bytes and share of the volume below which it is watched, and below which it fails. Both have to be undercut. */
  watch: { bytes: number; share: number }
  mend: { bytes: number; share: number }
}

const GIB = 1024 ** 3
const LIMITS: RoomLimits = { watch: { bytes: 10 * GIB, share: 0.1 }, mend: { bytes: GIB, share: 0.03 } }

export async function examineDisks(
  { app, storage, uploads }: Pick<Config, 'app' | 'storage' | 'uploads'>,
  limits = LIMITS,
): Promise<Finding[]> {
  const folders = new Map([[resolve(app.dataDir), 'DATA_DIR']])
  if (storage.provider === 'disk') folders.set(resolve(uploads.dir), 'UPLOAD_DIR')
  return Promise.all([...folders].map(([folder, name]) => roomIn(folder, name, limits)))
}

/** The file that tells proxies of a stop; nothing where none is asked for. */
export function examineSign({ server: { shutdownFile } }: Pick<Config, 'server'>): Finding[] {
  if (shutdownFile === undefined) return []
  const fault = signFault(shutdownFile)
  return [fault ? fail('stop', fault.says, fault.mend) : ok('stop', `A stop is told to proxies by ${shutdownFile}.`)]
}

async function roomIn(folder: string, name: string, { watch, mend }: RoomLimits): Promise<Finding> {
  const room = await roomOf(folder)
  const { bytes, share } = room
  const says = `${(bytes / GIB).toFixed(1)} GiB are free for ${name} (${folder}), ${(share * 100).toFixed(0)} % of its volume.`
  const isBelow = (limit: RoomLimits['watch']) => bytes < limit.bytes && share < limit.share
  const remedy = `Make room, or move ${name} to a larger volume: a full disk refuses uploads, and stops a database on it.`
  if (isBelow(mend)) return fail('disk', says, remedy)
  return isBelow(watch) ? warn('disk', says, remedy) : ok('disk', says)
}

/** Of the volume on which a folder lies, which need not be there yet. */
async function roomOf(folder: string): Promise<{ bytes: number; share: number }> {
  for (let place = folder; ; place = dirname(place)) {
    try {
      const { bsize, blocks, bavail } = await statfs(place)
      return { bytes: bavail * bsize, share: blocks > 0 ? bavail / blocks : 1 }
    } catch (error) {
      if (place === dirname(place)) throw error
    }
  }
}
