import { z } from 'zod'
import type { Decision } from '../decision/decision.ts'

const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined)

/** One request as the service shows it (docs/api.md). Unknown fields of a newer service are kept for --output json. */
export const requestSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  requester: maybe(z.string()),
  provider: maybe(z.string()),
  role: maybe(z.string()),
  scope: maybe(z.string()),
  duration_seconds: maybe(z.number()),
  reason: maybe(z.string()),
  approvers: z.array(z.string()).default([]),
  repository: maybe(z.string()),
  repository_id: z.number(),
  pull_request: z.number(),
  pull_request_url: maybe(z.string()),
  path: z.string(),
  head_sha: z.string(),
  opened_at: maybe(z.string()),
  starts_at: maybe(z.string()),
  active_at: maybe(z.string()),
  expires_at: maybe(z.string()),
  ended_at: maybe(z.string()),
  cause: maybe(z.string()),
  note: maybe(z.string()),
  summary: maybe(z.string()),
})
export type RequestView = z.output<typeof requestSchema>

/** With its decision; the service's own object, stored and shown everywhere, is trusted to be one. */
export const requestWithDecisionSchema = requestSchema.extend({
  decision: maybe(
    z.custom<Decision>((value) => typeof value === 'object' && value !== null && 'requests' in value),
  ),
})
export type RequestWithDecision = z.output<typeof requestWithDecisionSchema>

export const credentialsSchema = z.object({
  environment: z.record(z.string(), z.string()),
  files: z.record(z.string(), z.string()).default({}),
  expires_at: z.string(),
  principal: maybe(z.string()),
})

export const eventSchema = z.looseObject({
  seq: z.number(),
  type: z.string(),
  at: z.string(),
  actor: z.looseObject({ kind: z.string(), id: z.string(), login: z.string().optional() }),
  request: z.string().optional(),
  grant: z.string().optional(),
})

/** Why a policy is off: an override of two administrators, or a hand in the database. */
const off = {
  override: maybe(z.object({ until: z.string(), by: z.array(z.string()) })),
  disabled_by_hand: maybe(z.boolean()),
}
export type Off = { readonly [name in keyof typeof off]?: z.output<(typeof off)[name]> }

export const policySchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  enabled: z.boolean(),
  ...off,
  repository: z.string(),
  commit: z.string(),
})

export const overrideSchema = z.looseObject({
  name: z.string(),
  repository: z.string(),
  status: z.enum(['asked', 'started', 'ended']),
  until: maybe(z.string()),
  by: maybe(z.array(z.string())),
  others: maybe(z.array(z.object({ by: z.string(), for: z.string() }))),
})

export const answerSchema = z.looseObject({
  allowed: z.boolean(),
  reason: z.string(),
  policies: z.array(z.looseObject({ policy: z.string(), outcome: z.unknown() })),
  assumed: z.record(z.string(), z.unknown()).default({}),
})

const componentSchema = z.object({ name: z.string(), up: z.boolean(), detail: z.string() })
export const readinessSchema = z.looseObject({ status: z.string(), components: z.array(componentSchema) })
export const serverStatusSchema = z.looseObject({
  version: z.string(),
  api: z.string(),
  instance: z.string(),
  ready: z.boolean(),
  components: z.array(componentSchema),
  repositories: z.array(
    z.looseObject({
      id: z.number(),
      name: maybe(z.string()),
      accepted_commit: maybe(z.string()),
      troubles: z.array(z.string()),
      policies_off: z.array(z.looseObject({ name: z.string(), ...off })).default([]),
    }),
  ),
})
export const versionSchema = z.object({ version: z.string(), api: z.string() })
export const loginSchema = z.object({ client_id: z.string(), github_url: z.string() })
export const reloadedSchema = z.object({
  policies: z.number(),
  troubles: z.array(z.object({ repository: z.string(), why: z.string() })),
})

export const clientConfigurationSchema = z.object({
  github_api_url: z.string(),
  login: z.string(),
  repositories: z.array(
    z.object({ id: z.number(), name: z.string(), branch: z.string(), merge: z.enum(['auto', 'manual']) }),
  ),
})

export const problemSchema = z.looseObject({
  status: z.number(),
  detail: z.string(),
  remedy: maybe(z.string()),
  instance: maybe(z.string()),
})
