import type { ProviderName } from '../request/request.ts'
import type { Asked, Refusal } from './grantable/asked.ts'
import { gcpRefusals } from './grantable/gcp.ts'

const clouds: Readonly<Partial<Record<ProviderName, (asked: Asked) => readonly Refusal[]>>> = {
  gcp: gcpRefusals,
}

/** What the cloud would refuse whenever it were asked, so that nobody has to read, approve and merge it first. */
export const refusals = (provider: ProviderName, asked: Asked): readonly Refusal[] =>
  clouds[provider]?.(asked) ?? []
