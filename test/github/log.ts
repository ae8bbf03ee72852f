import type { Log } from '../../app/reconcile/ports/log.ts'

/** A log that remembers its lines. */
export const rememberingLog = () => {
  const lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] = []
  const at = (level: string) => (message: string, fields?: unknown) => {
    lines.push({ level, message, fields })
  }
  const log: Log = { info: at('info'), warn: at('warn'), error: at('error'), alert: at('alert') }
  return { log, lines }
}
