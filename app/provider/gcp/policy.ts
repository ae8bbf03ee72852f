import type { cloudresourcemanager_v3 as v3 } from '@googleapis/cloudresourcemanager'
import type { Refusal } from '../../grant/grantable/asked.ts'
import type { Observation } from '../port.ts'

/** An allow policy as the API gives it. What is not ours goes back as it came. */
export type Policy = v3.Schema$Policy
type Binding = v3.Schema$Binding

/** One conditional binding of ours; `endsAt` in epoch milliseconds. */
export type Wanted = {
  readonly title: string
  readonly role: string
  readonly member: string
  readonly endsAt: number
}

/** Limits of an allow policy (IAM docs, "Quotas and limits"); principals are counted wherever they appear. */
const mostPrincipals = 1500
const mostConditions = 20

const written = /^request\.time < timestamp\("([0-9TZ:.-]{20,30})"\)$/

const expressionOf = (endsAt: number): string =>
  `request.time < timestamp("${new Date(endsAt).toISOString()}")`

/** Where somebody rewrote it into what we cannot read, it ends at no time we know: the last one there is. */
const never = 8.64e15

/** When a binding ends, epoch milliseconds. */
export const expiryOf = (binding: Binding): number => {
  const at = Date.parse(written.exec(binding.condition?.expression ?? '')?.[1] ?? '')
  return Number.isNaN(at) ? never : at
}

const titled = (policy: Policy, title: string): readonly Binding[] =>
  (policy.bindings ?? []).filter(({ condition }) => condition?.title === title)

/** @param wanted undefined: no binding of this title could be a grant's */
export const seen = (
  policy: Policy,
  title: string,
  handle: string,
  wanted: Wanted | undefined,
): Observation => {
  const there = titled(policy, title)
  if (there.length === 0) return { kind: 'absent' }
  const differs = there.map((one) => differing(one, wanted)).find((words) => words !== undefined)
  const end = { expiresAt: Math.max(...there.map(expiryOf)) }
  return { kind: 'present', handle, ...end, ...(differs === undefined ? {} : { differs }) }
}

/** In what, besides its end, a binding is not the one that is wanted. */
export const differing = ({ role, members }: Binding, wanted: Wanted | undefined): string | undefined =>
  role === wanted?.role && members?.length === 1 && members[0] === wanted?.member
    ? undefined
    : `${members?.join(', ')} has ${role}`

/** The policy with exactly this binding under its title; the policy itself where it is so already. */
export const withBinding = (policy: Policy, wanted: Wanted): Policy => {
  const there = titled(policy, wanted.title)
  if (there.length === 1 && there.every((one) => isWhole(one, wanted))) return policy
  const { title, role, member, endsAt } = wanted
  const binding = { role, members: [member], condition: { title, expression: expressionOf(endsAt) } }
  return { ...policy, bindings: [...(without(policy, title).bindings ?? []), binding] }
}

/** The policy with no more under its title than this binding gives; the policy itself where it is so already. */
export const narrowed = (policy: Policy, wanted: Wanted): Policy => {
  const there = titled(policy, wanted.title)
  const whole = there.filter(({ role, members }) => role === wanted.role && members?.includes(wanted.member))
  if (whole.length === 0) return without(policy, wanted.title)
  return withBinding(policy, { ...wanted, endsAt: Math.min(wanted.endsAt, ...whole.map(expiryOf)) })
}

/** The policy without any binding of this title; the policy itself where there is none. */
export const without = (policy: Policy, title: string): Policy => leaving(policy, (one) => one !== title)

/** The policy without ours that give nothing any more, so that they do not pile up. */
export const withoutExpired = (policy: Policy, prefix: string, now: number): Policy =>
  leaving(policy, (title, binding) => !title.startsWith(prefix) || expiryOf(binding) > now)

const leaving = (policy: Policy, stays: (title: string, binding: Binding) => boolean): Policy => {
  const bindings = policy.bindings ?? []
  const left = bindings.filter((one) => stays(one.condition?.title ?? '', one))
  return left.length === bindings.length ? policy : { ...policy, bindings: left }
}

const isWhole = (binding: Binding, wanted: Wanted): boolean =>
  differing(binding, wanted) === undefined && binding.condition?.expression === expressionOf(wanted.endsAt)

/** Why the policy of `resource` has no room for one more binding of this role and member, if it has none. */
export const fullFor = (
  resource: string,
  policy: Policy,
  { role, member }: Pick<Wanted, 'role' | 'member'>,
): Refusal | undefined => {
  const bindings = policy.bindings ?? []
  const principals = bindings.reduce((sum, { members }) => sum + (members?.length ?? 0), exempted(policy))
  if (principals >= mostPrincipals)
    return {
      needed: `fewer than ${mostPrincipals} principals in the policy of ${resource}`,
      had: `the policy of ${resource} has no room: it names ${principals} principals, and Google Cloud takes ${mostPrincipals}`,
      remedy: 'take some out of it',
    }
  const alike = bindings.filter(
    (one) =>
      one.role === role &&
      one.condition &&
      one.members?.some((name) => name.toLowerCase() === member.toLowerCase()),
  ).length
  return alike >= mostConditions
    ? {
        needed: `fewer than ${mostConditions} conditions for one role and principal`,
        had: `the policy of ${resource} has no room: ${member} has ${role} under ${alike} conditions, and Google Cloud takes ${mostConditions}`,
        remedy: 'wait until one of them has ended, or take one away',
      }
    : undefined
}

/** Principals exempted from audit logging count too. */
const exempted = ({ auditConfigs }: Policy): number =>
  (auditConfigs ?? [])
    .flatMap(({ auditLogConfigs }) => auditLogConfigs ?? [])
    .reduce((sum, { exemptedMembers }) => sum + (exemptedMembers?.length ?? 0), 0)
