/** Structured log lines. Values of secrets never reach it. */
export type Log = {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** Something a person must look at: a line with `alert: true` and the event's name. */
  alert(event: string, fields?: Readonly<Record<string, unknown>>): void
}
