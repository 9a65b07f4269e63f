// Ports that cannot be opened, in the operator's words.
import { UsageError } from './arguments.ts'

export interface Port {
  /** The setting that names it. */
  setting: 'PORT' | 'METRICS_PORT' | 'WORKER_HEALTH_PORT'
  port: number
  host: string
}

/** Opens a port; throws UsageError where the settings name one that cannot be had. */
export async function openAt<T>(at: Port, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const sentence = SENTENCES[(error as NodeJS.ErrnoException).code ?? '']
    throw sentence ? new UsageError(sentence(at)) : error
  }
}

const unusable = ({ host }: Port) =>
  `HOST ${host} is no address of this machine: set HOST to one of its addresses, to 127.0.0.1, or to 0.0.0.0 for all of them.`

const SENTENCES: Record<string, (at: Port) => string> = {
  EADDRINUSE: ({ setting, port, host }) =>
    `${setting} ${port} on ${host} is taken: end the program that has it, or set ${setting} to another port.`,
  EACCES: ({ setting, port, host }) =>
    `${setting} ${port} on ${host} may not be opened by this user: set ${setting} to a port from 1024 on, or give the service CAP_NET_BIND_SERVICE.`,
  EADDRNOTAVAIL: unusable,
  ENOTFOUND: unusable,
  EAI_AGAIN: unusable,
  EINVAL: unusable,
}
