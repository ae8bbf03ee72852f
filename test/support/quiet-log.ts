import type { Log } from '../../app/reconcile/ports/log.ts'

export const quietLog: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  alert: () => undefined,
}
