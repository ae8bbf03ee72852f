import type { ApiOptions } from './api.ts'
import type { Records } from './records.ts'

/** What AssumeRole needs to be told. */
export type StsOptions = Omit<ApiOptions, 'region'> & {
  readonly roleArnTemplate: string
  readonly defaultRegion: string
  /** `optional`: where a trust policy allows no tags or no source identity, a session goes without them. */
  readonly sessionTags: 'required' | 'optional'
  /** The installation's name: policies of another are strangers. */
  readonly instance: string
  readonly clock: { now(): number }
  readonly log: { warn(message: string, fields: Readonly<Record<string, unknown>>): void }
  readonly records: Records
}
