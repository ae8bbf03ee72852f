import type { Log } from '../../../app/reconcile/ports/log.ts'

export type Line = {
  readonly level: 'info' | 'warn' | 'error' | 'alert'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Keeps what was logged. */
export const memoryLog = (): Log & { readonly lines: readonly Line[] } => {
  const lines: Line[] = []
  const put =
    (level: Line['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      lines.push({ level, message, fields })
    }
  return { lines, info: put('info'), warn: put('warn'), error: put('error'), alert: put('alert') }
}
