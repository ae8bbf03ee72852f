import { type DestinationStream, pino } from 'pino'
import type { Log } from '../reconcile/ports/log.ts'
import { redactor } from './redact.ts'

export type LogOptions = {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** The service's own secrets: masked wherever they appear. */
  readonly secrets: readonly string[]
  /** Standard output unless told otherwise. */
  readonly destination?: DestinationStream
}

/** JSON lines: `level`, `time` (RFC 3339), `msg` and the fields, secrets masked; alerts carry `alert: true` and `event`. */
export function createLog({ level, secrets, destination }: LogOptions): Log {
  const clean = redactor(secrets)
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  )
  const write = (
    severity: 'info' | 'warn' | 'error',
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ) => {
    const cleaned = clean(fields)
    logger[severity](typeof cleaned === 'object' && cleaned !== null ? cleaned : {}, String(clean(message)))
  }
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    // An alert is heard whatever level is configured: `error` is the highest that there is.
    alert: (event, fields) => write('error', `alert: ${event}`, { ...fields, alert: true, event }),
  }
}
