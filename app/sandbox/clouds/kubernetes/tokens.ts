import { randomBytes } from 'node:crypto'
import { called, isObject, type Objects } from './objects.ts'
import type { Identity } from './rbac.ts'
import { invalid, notFound, unauthorized } from './status.ts'

type Known = {
  readonly who: Identity
  readonly until: number
  /** The Secret that it dies with. */
  readonly secret?: { readonly namespace: string; readonly name: string }
}

/** Bearer tokens: of people, and of service accounts by TokenRequest. */
export const createTokens = (objects: Objects, clock: { now(): number }) => {
  const known = new Map<string, Known>()
  const keep = (one: Known): string => {
    const token = randomBytes(32).toString('hex')
    known.set(token, one)
    return token
  }
  return {
    of: (user: string, groups: readonly string[] = []): string =>
      keep({ who: { user, groups: [...groups, 'system:authenticated'] }, until: Infinity }),

    /** @throws StatusError 401 */
    authenticate(header: string | undefined): Identity {
      const one = known.get(/^Bearer (\S+)$/.exec(header ?? '')?.[1] ?? '')
      const dead =
        one?.secret !== undefined &&
        objects.find(called('secrets'), one.secret.namespace, one.secret.name) === undefined
      if (one === undefined || dead || one.until <= clock.now()) throw unauthorized()
      return one.who
    },

    /** What TokenRequest answers. @throws StatusError */
    request(namespace: string, name: string, body: Readonly<Record<string, unknown>>): unknown {
      if (objects.find(called('serviceaccounts'), namespace, name) === undefined)
        throw notFound('serviceaccounts', '', name)
      const spec = isObject(body.spec) ? body.spec : {}
      const seconds = Number(spec.expirationSeconds ?? 3600)
      if (seconds < 600)
        throw invalid(
          'TokenRequest',
          name,
          'spec.expirationSeconds',
          'may not specify a duration less than 10 minutes',
        )
      const bound = isObject(spec.boundObjectRef) ? String(spec.boundObjectRef.name) : undefined
      if (bound !== undefined && objects.find(called('secrets'), namespace, bound) === undefined)
        throw notFound('secrets', '', bound)
      const until = clock.now() + seconds * 1000
      const token = keep({
        who: {
          user: `system:serviceaccount:${namespace}:${name}`,
          groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
        },
        until,
        ...(bound === undefined ? {} : { secret: { namespace, name: bound } }),
      })
      return { ...body, status: { token, expirationTimestamp: new Date(until).toISOString() } }
    },
  }
}
