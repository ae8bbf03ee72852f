/** The clouds a request can name; `mock` is the default of demo and quick start. */
export const providers = ['aws', 'azure', 'gcp', 'kubernetes', 'mock'] as const
export type ProviderName = (typeof providers)[number]

/** `req_` and 26 Crockford base-32 characters, upper case; a grant has its request's id. */
export type RequestId = `req_${string}`

/** A request file, read and checked: what its author asked for, in precise types. */
export type AccessRequest = {
  /** GitHub login, as written in the file. */
  readonly requester: string
  readonly provider: ProviderName
  readonly role: string
  /** Matched exactly against the role catalogue. */
  readonly scope: string
  readonly durationSeconds: number
  readonly reason: string
  readonly ticket?: string
  /** Epoch milliseconds of a later start. */
  readonly startsAt?: number
  readonly breakGlass: boolean
  readonly metadata: Readonly<Record<string, string>>
}
