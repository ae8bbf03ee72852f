import { hash } from 'node:crypto'
import { z } from 'zod'
import type { GrantContext, PolicyQuestion, PolicyUser } from '../../reconcile/ports/evaluator.ts'
import { parseRequestId } from '../../request/id.ts'
import { parseInstant } from '../../request/instant.ts'
import { providers } from '../../request/request.ts'

/** A question as some policies were asked it once, at its path; its people still have the groups they had. */
export type Question = Omit<PolicyQuestion, 'reviewers'> & { readonly path: string }

const instant = z.string().transform((text, context) => {
  const at = parseInstant(text)
  if (at !== undefined) return at
  context.addIssue({ code: 'custom', message: 'is no instant' })
  return z.NEVER
})
const id = z.string().transform((text, context) => {
  const parsed = parseRequestId(text)
  if (parsed !== undefined) return parsed
  context.addIssue({ code: 'custom', message: 'is no id of a request' })
  return z.NEVER
})
const person = z
  .object({
    login: z.string(),
    id: z.int(),
    email: z.string(),
    groups: z.array(z.string()),
    trust_tier: z.number(),
  })
  .transform(({ trust_tier: trustTier, ...rest }): PolicyUser => ({ ...rest, trustTier }))
const metadata = z.record(z.string(), z.string())
const grant = z
  .object({
    id: z.string(),
    repository: z.string(),
    provider: z.string(),
    role: z.string(),
    resource_scope: z.string(),
    state: z.string(),
    starts_at: instant,
    ends_at: instant,
    reason: z.string().exactOptional(),
    metadata: metadata.exactOptional(),
  })
  .transform(
    ({ resource_scope: scope, starts_at: startsAt, ends_at: endsAt, ...rest }): GrantContext => ({
      ...rest,
      scope,
      startsAt,
      endsAt,
    }),
  )
/** What `policyInput` writes. */
const recorded = z.object({
  requester: person,
  author: person,
  request: z.object({
    id,
    provider: z.enum(providers),
    role: z.string(),
    resource_scope: z.string(),
    duration_seconds: z.number(),
    reason: z.string(),
    ticket: z.string().exactOptional(),
    break_glass: z.boolean(),
    starts_at: instant.exactOptional(),
    metadata,
  }),
  context: z.object({
    now: instant,
    repository: z.string(),
    pull_request: z.number(),
    active_grants: z.array(grant),
    queued_grants: z.array(grant),
  }),
})

/**
 * Reads the input that a decision recorded (evidence, audit.md). Undefined for bytes that are not those of
 * `digest`, or that say something else: what verify reports is no input.
 */
export function readQuestion(bytes: Uint8Array, digest: string, path: string): Question | undefined {
  if (hash('sha256', bytes) !== digest) return undefined
  const read = recorded.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  if (!read.success) return undefined
  const { requester, author, request, context } = read.data
  const { resource_scope: scope, duration_seconds: durationSeconds, break_glass: breakGlass } = request
  const { ticket, starts_at: startsAt } = request
  return {
    path,
    requester,
    author,
    request: {
      id: request.id,
      requester: requester.login,
      provider: request.provider,
      role: request.role,
      scope,
      durationSeconds,
      reason: request.reason,
      ...(ticket === undefined ? {} : { ticket }),
      ...(startsAt === undefined ? {} : { startsAt }),
      breakGlass,
      metadata: request.metadata,
    },
    now: context.now,
    repository: context.repository,
    pull: context.pull_request,
    activeGrants: context.active_grants,
    queuedGrants: context.queued_grants,
  }
}
