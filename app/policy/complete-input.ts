import type { Directory } from '../identity/directory.ts'
import { writeInstant } from '../request/instant.ts'

type Fields = Readonly<Record<string, unknown>>
export type CompletedInput = {
  readonly input: Readonly<Record<'user' | 'requester' | 'author' | 'request' | 'context', Fields>>
  /** What was made up, `context.trust_tier` → 4: printed, so that nobody takes it for a fact. */
  readonly assumed: Fields
}

/**
 * Fills a hand-written input, as `policy eval --input` takes it: people are looked up by login or e-mail
 * address, a stranger is taken for one of the highest trust tier, everything else for empty. What is given
 * stays as it is, fields of other names included.
 */
export function completeInput(given: Fields, directory: Directory, now: number): CompletedInput {
  const assumed: Record<string, unknown> = {}
  const fill = (name: string, fields: Fields, defaults: Fields): Fields => {
    for (const [key, value] of Object.entries(defaults)) {
      if (fields[key] === undefined) assumed[`${name}.${key}`] = value
    }
    return { ...defaults, ...fields }
  }
  const person = (name: 'user' | 'requester' | 'author', otherwise?: Fields): Fields => {
    if (given[name] === undefined && otherwise !== undefined) return otherwise
    const fields = objectOf(given[name])
    return fill(name, fields, known(fields, directory))
  }
  const user = person('user')
  const requester = person('requester', user)
  const author = person('author', requester)
  const request = fill('request', objectOf(given.request), { reason: '', break_glass: false, metadata: {} })
  const context = fill('context', objectOf(given.context), {
    trust_tier: requester.trust_tier,
    now: writeInstant(now),
    now_ns: now * 1_000_000,
    active_grants: [],
    queued_grants: [],
  })
  return { input: { ...given, user, requester, author, request, context }, assumed }
}

function known({ login, email: address }: Fields, directory: Directory): Fields {
  const byLogin = typeof login === 'string' ? directory.byLogin(login) : undefined
  const email = typeof address === 'string' ? directory.byEmail(address) : undefined
  const identity = byLogin ?? (email === undefined ? undefined : directory.byLogin(email.login))
  if (identity === undefined) return { groups: [], trust_tier: 4 }
  const groups = directory.groups.filter(
    (group) => 'members' in group && group.members.includes(identity.login),
  )
  return {
    login: identity.login,
    id: identity.id,
    email: identity.emails[0] ?? '',
    groups: groups.map(({ name }) => name),
    trust_tier: identity.trustTier,
  }
}

const objectOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
