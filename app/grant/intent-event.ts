import { z } from 'zod'
import type { Actor, Json, LedgerEvent } from '../audit/event.ts'
import { parseRequestId } from '../request/id.ts'
import { parseInstant, writeInstant } from '../request/instant.ts'
import { providers } from '../request/request.ts'
import type { Intent } from './intent.ts'

/** What was approved for a later start: no end yet, since that is fixed when it starts (trust.md 3.7, 3.8). */
export type Schedule = Omit<Intent, 'endsAt' | 'configured'> & { readonly durationMs: number }

const instant = z.string().transform((text, context) => {
  const ms = parseInstant(text)
  if (ms !== undefined && writeInstant(ms) === text) return ms
  context.addIssue('not a time as gitsudo writes it')
  return z.NEVER
})
const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
const terms = {
  path: z.string().min(1),
  blob: sha,
  requester: z.strictObject({ id: z.int().positive(), login: z.string().min(1) }),
  principal: z.string().min(1),
  provider: z.enum(providers),
  role: z.string().min(1),
  cloud_role: z.string().min(1),
  scope: z.string().min(1),
  chain: z.literal(true).exactOptional(),
  auto: z.literal(true).exactOptional(),
  reason: z.string(),
  metadata: z.record(z.string(), z.string()).exactOptional(),
  starts_at: instant,
}
const envelope = {
  request: z.string(),
  grant: z.string(),
  repo: z.int().positive(),
  pull: z.int().nonnegative(),
  commit: sha,
}
const intended = z.object({
  ...envelope,
  data: z.strictObject({
    ...terms,
    configured: z.record(z.string(), z.string()).exactOptional(),
    ends_at: instant,
  }),
})
const scheduled = z.object({
  ...envelope,
  data: z.strictObject({ ...terms, duration_ms: z.int().positive() }),
})

/** `grant.intended`, unsigned, at epoch milliseconds. */
export const intendedEvent = (intent: Intent, actor: Actor, at: number): LedgerEvent => ({
  ...envelopeOf(intent, 'grant.intended', actor, at),
  data: {
    ...termsOf(intent),
    ...(intent.configured === undefined ? {} : { configured: intent.configured }),
    ends_at: writeInstant(intent.endsAt),
  },
})

/** `grant.scheduled`, unsigned, at epoch milliseconds. */
export const scheduledEvent = (schedule: Schedule, actor: Actor, at: number): LedgerEvent => ({
  ...envelopeOf(schedule, 'grant.scheduled', actor, at),
  data: { ...termsOf(schedule), duration_ms: schedule.durationMs },
})

/** The intent in a `grant.intended`; undefined where the event is not one as gitsudo writes it. Verify it first. */
export const readIntent = (event: LedgerEvent): Intent | undefined => {
  if (event.type !== 'grant.intended') return undefined
  const read = intended.safeParse({ ...event, data: unsigned(event.data) })
  if (!read.success) return undefined
  const common = commonOf(read.data)
  const { ends_at: endsAt, configured } = read.data.data
  if (common === undefined || endsAt <= common.startsAt) return undefined
  return { ...common, ...(configured === undefined ? {} : { configured }), endsAt }
}

/** The schedule in a `grant.scheduled`; undefined where the event is not one as gitsudo writes it. */
export const readSchedule = (event: LedgerEvent): Schedule | undefined => {
  if (event.type !== 'grant.scheduled') return undefined
  const read = scheduled.safeParse({ ...event, data: unsigned(event.data) })
  if (!read.success) return undefined
  const common = commonOf(read.data)
  return common === undefined ? undefined : { ...common, durationMs: read.data.data.duration_ms }
}

const envelopeOf = (
  of: Omit<Intent, 'endsAt'>,
  type: LedgerEvent['type'],
  actor: Actor,
  at: number,
): Omit<LedgerEvent, 'data'> => ({
  v: 1,
  type,
  at: writeInstant(at),
  actor,
  request: of.grant,
  grant: of.grant,
  repo: of.repository,
  pull: of.pull,
  commit: of.mergeCommit,
})

const termsOf = (of: Omit<Intent, 'endsAt'>): Readonly<Record<string, Json>> => ({
  path: of.path,
  blob: of.blob,
  requester: { id: of.requester.id, login: of.requester.login },
  principal: of.principal,
  provider: of.provider,
  role: of.role,
  cloud_role: of.cloudRole,
  scope: of.scope,
  ...(of.chain === undefined ? {} : { chain: of.chain }),
  ...(of.auto === undefined ? {} : { auto: of.auto }),
  reason: of.reason,
  ...(of.metadata === undefined ? {} : { metadata: of.metadata }),
  starts_at: writeInstant(of.startsAt),
})

type Read = Omit<z.output<typeof intended>, 'data'> & {
  readonly data: Omit<z.output<typeof intended>['data'], 'ends_at' | 'configured'>
}

const commonOf = ({ data, ...event }: Read): Omit<Intent, 'endsAt' | 'configured'> | undefined => {
  const grant = parseRequestId(event.grant)
  if (grant === undefined || grant !== event.grant || event.request !== event.grant) return undefined
  return {
    grant,
    repository: event.repo,
    pull: event.pull,
    mergeCommit: event.commit,
    path: data.path,
    blob: data.blob,
    requester: data.requester,
    principal: data.principal,
    provider: data.provider,
    role: data.role,
    cloudRole: data.cloud_role,
    scope: data.scope,
    ...(data.chain === undefined ? {} : { chain: data.chain }),
    ...(data.auto === undefined ? {} : { auto: data.auto }),
    reason: data.reason,
    ...(data.metadata === undefined ? {} : { metadata: data.metadata }),
    startsAt: data.starts_at,
  }
}

const unsigned = ({ sig: _, ...data }: LedgerEvent['data']): LedgerEvent['data'] => data
