import { createHash } from 'node:crypto'
import { type Condition, isExpression } from './condition.ts'
import { conflicting, GoogleError, invalid } from './errors.ts'

export type Binding = {
  readonly role: string
  readonly members: readonly string[]
  readonly condition?: Condition
}
export type Policy = {
  readonly version: number
  readonly etag: string
  readonly bindings: readonly Binding[]
  readonly auditConfigs?: unknown
}

const basicRoles = ['roles/owner', 'roles/editor', 'roles/viewer']
const role =
  /^(roles\/[a-z][A-Za-z0-9.]{1,120}|(projects\/[a-z0-9:.-]{1,90}|organizations\/\d+)\/roles\/[A-Za-z0-9_.]{3,64})$/
const member =
  /^((user|serviceAccount|group):[^\s@:]+@[^\s@:]+|domain:[^\s@:]+|allUsers|allAuthenticatedUsers|principal(Set)?:\/\/\S+|deleted:\S+)$/

export const emptyPolicy: Policy = { version: 1, etag: 'ACAB', bindings: [] }

/**
 * What setIamPolicy makes of a policy (IAM docs: "Allow policies", "Overview of IAM Conditions", "Quotas and limits",
 * "Retry strategy"). The default update mask leaves `auditConfigs` as they are.
 * @param exists whether a principal is an account
 * @throws GoogleError
 */
export const changed = (before: Policy, given: unknown, exists: (member: string) => boolean): Policy => {
  if (!isObject(given)) throw invalid('Policy is required.')
  if (typeof given.etag === 'string' && given.etag !== before.etag) throw conflicting()
  const version = Number(given.version ?? 0)
  if (![0, 1, 3].includes(version)) throw invalid(`Invalid policy version ${version}.`)
  const bindings = Array.isArray(given.bindings) ? given.bindings.map((one) => bindingFrom(one, exists)) : []
  const conditional = bindings.some(({ condition }) => condition !== undefined)
  if (conditional && version !== 3)
    throw invalid('Policies with conditions must set policy version to 3 or greater.')
  // Without etag a write of an older version would take conditions away unseen.
  if (version !== 3 && before.bindings.some(({ condition }) => condition !== undefined))
    throw new GoogleError(400, 'FAILED_PRECONDITION', 'The policy has conditions: set policy version to 3.')
  const merged = merge(bindings)
  limits(merged)
  return {
    ...(before.auditConfigs === undefined ? {} : { auditConfigs: before.auditConfigs }),
    version: conditional ? 3 : 1,
    etag: createHash('sha256')
      .update(`${before.etag} ${JSON.stringify(merged)}`)
      .digest('base64')
      .slice(0, 12),
    bindings: merged,
  }
}

/** As read by somebody who did not ask for version 3: conditions are left out, and roles mangled to say so. */
export const asVersion = (policy: Policy, requested: number): Policy =>
  requested >= 3
    ? policy
    : {
        ...policy,
        version: 1,
        bindings: policy.bindings.map(({ role: name, members, condition }) =>
          condition === undefined
            ? { role: name, members }
            : { role: `${name}_withcond_${hashOf(condition).slice(0, 20)}`, members },
        ),
      }

const bindingFrom = (one: unknown, exists: (member: string) => boolean): Binding => {
  if (!isObject(one)) throw invalid('Invalid binding.')
  if (typeof one.role !== 'string' || !role.test(one.role))
    throw invalid(`Role ${String(one.role)} is not supported for this resource.`)
  if (!Array.isArray(one.members) || one.members.length === 0) throw invalid('Binding without members.')
  const members = one.members.map((name: unknown) => {
    if (typeof name !== 'string' || !member.test(name)) throw invalid(`Invalid member ${String(name)}.`)
    // Addresses come back in lower case.
    const kept = name.includes('@') && !name.startsWith('principal') ? name.toLowerCase() : name
    if (!exists(kept)) throw invalid(`User ${kept.slice(kept.indexOf(':') + 1)} does not exist.`)
    return kept
  })
  if (one.condition === undefined || one.condition === null) return { role: one.role, members }
  if (!isObject(one.condition)) throw invalid('Invalid condition.')
  const { title, description, expression } = one.condition
  if (typeof title !== 'string' || title === '' || title.length > 100)
    throw invalid('A condition needs a title of at most 100 characters.')
  if (typeof expression !== 'string' || !isExpression(expression))
    throw invalid(`Invalid expression: ${String(expression)}`)
  if (basicRoles.includes(one.role)) throw invalid('Conditions can’t be set on primitive roles')
  if (members.some((name) => name.startsWith('all')))
    throw invalid('Conditions are not allowed for allUsers.')
  const condition = { title, expression, ...(typeof description === 'string' ? { description } : {}) }
  return { role: one.role, members, condition }
}

/** Bindings of one role and condition are one binding. */
const merge = (bindings: readonly Binding[]): readonly Binding[] => {
  const found = new Map<string, Binding>()
  for (const one of bindings) {
    const key = `${one.role} ${one.condition === undefined ? '' : hashOf(one.condition)}`
    const members = new Set([...(found.get(key)?.members ?? []), ...one.members])
    found.set(key, { ...one, members: [...members] })
  }
  return [...found.values()]
}

const limits = (bindings: readonly Binding[]): void => {
  const principals = bindings.reduce((sum, { members }) => sum + members.length, 0)
  if (principals > 1500)
    throw invalid('The number of members in the policy exceeds the maximum allowed size of 1,500.')
  const conditions = new Map<string, number>()
  for (const one of bindings.filter(({ condition }) => condition !== undefined))
    for (const name of one.members) {
      const key = `${one.role} ${name}`
      conditions.set(key, (conditions.get(key) ?? 0) + 1)
      if ((conditions.get(key) ?? 0) > 20)
        throw invalid(`There are more than 20 conditional bindings of ${one.role} for ${name}.`)
    }
}

const hashOf = (condition: Condition): string =>
  createHash('sha256').update(JSON.stringify(condition)).digest('hex')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
