// Structured logs: one JSON line an event, or the same for human eyes in development. Secrets are never put in.
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type Log = Logger

export interface LogOptions {
  level: string
  format: 'json' | 'pretty'
}

/** A logger on standard output. Values under names that hold secrets are removed wherever they stand on the first two levels. */
export function createLog({ level, format }: LogOptions): Log {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: '[removed]' },
  }
  return format === 'pretty'
    ? pino(
        options,
        pretty({
          colorize: process.stdout.isTTY,
          ignore: 'pid,hostname',
          translateTime: 'SYS:HH:MM:ss.l',
          singleLine: true,
          sync: true,
        }),
      )
    : pino(options)
}

const SECRET_NAMES = ['password', 'token', 'accessToken', 'refreshToken', 'secret', 'authorization', 'cookie', 'code']
