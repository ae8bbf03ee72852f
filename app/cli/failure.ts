/** 1 refused or not true, 2 usage, 3 could not tell (product.md, Command line). */
export const exitStatus = { refused: 1, absent: 1, usage: 2, unknown: 3 } as const

/** Something the person at the terminal can act on: one line, and a hint. Anything else thrown is a fault of ours. */
export class Failure extends Error {
  readonly kind: keyof typeof exitStatus
  readonly hint: string | undefined
  constructor(kind: keyof typeof exitStatus, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
    this.kind = kind
    this.hint = hint
  }
}
