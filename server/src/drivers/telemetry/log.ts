// Structured logs: one JSON line an event, or the same for human eyes in development. Secrets are never put in.
import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { traceFacts } from './doing.ts'

export type Log = Logger

export interface LogOptions {
  level: string
  format: 'json' | 'pretty'
}

/**
 * A logger on standard output, or on the destination that a test reads. Values under names that hold secrets are removed wherever they stand on the first two levels.
 * JSON lines are written behind the requests and flushed several times a second, and at the end of the process.
 */
export function createLog({ level, format }: LogOptions, destination?: DestinationStream): Log {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: traceFacts,
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: '[removed]' },
  }
  if (destination) return pino(options, destination)
  if (format === 'pretty') {
    const readable = {
      colorize: process.stdout.isTTY,
      ignore: 'pid,hostname',
      translateTime: 'SYS:HH:MM:ss.l',
      singleLine: true,
      sync: true,
    }
    return pino(options, pretty(readable))
  }
  const lines = pino.destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: 100 })
  process.on('exit', () => {
    try {
      lines.flushSync()
    } catch {
      // The reader is gone: there is nobody to tell.
    }
  })
  return pino(options, lines)
}

/** The same logger for lines whose every field is chosen one by one, so that there is nothing to look for and remove. */
export function withoutRedaction(log: Log): Log {
  return log.child({}, { redact: [] })
}

const SECRET_NAMES = [
  'password',
  'newPassword',
  'oldPassword',
  'token',
  'accessToken',
  'refreshToken',
  'mfaToken',
  'invitationToken',
  'secret',
  'secretAccessKey',
  'apiKey',
  'authorization',
  'cookie',
  'code',
]
