export class LedgerError extends Error {
  readonly code: 'evidence_altered' | 'keys_of_others' | 'not_sealed' | 'nothing_to_seal' | 'tampered'
  constructor(code: LedgerError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LedgerError'
    this.code = code
  }
}
