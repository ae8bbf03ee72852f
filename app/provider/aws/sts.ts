import {
  type AwsReach,
  type AwsRole,
  awsRole,
  leastSeconds,
  longerThanRole,
} from '../../grant/grantable/aws.ts'
import { refusals } from '../../grant/grantable.ts'
import type { Intent } from '../../grant/intent.ts'
import { createSighted } from '../../grant/sighted.ts'
import { base32 } from '../mark.ts'
import { type Call, type Observation, type Provider, ProviderError } from '../port.ts'
import { createApi, type RoleFacts } from './api.ts'
import { checkRoles } from './check.ts'
import { type Denial, isInForce, propagationMs, readDenials, tidy } from './denials.ts'
import { classify, lacks } from './faults.ts'
import type { StsOptions } from './options.ts'
import { nothing, sessionName, sessionOf } from './session.ts'
import { createWriter, type Refused } from './writer.ts'

/** Grants that nobody approved stop here, so that a revocation of one that somebody did still finds room. */
const mostForAuto = 50
/** A console session opened with a user's AssumeRole credentials can last 12 hours; else the floor of a session. */
const lastsMs = (source: StsOptions['credentialsSource']): number =>
  source === 'static' ? 12 * 3_600_000 : leastSeconds * 1000
/** What was assumed from a session has a life of its own, and chaining gives it no more. */
const chainMs = 3_600_000

/** `by`: since when, at the latest by our own clock. */
type Known = Denial & { readonly by: number }

/** What is there of a grant's role: its facts, and whom our policy refuses. */
type Look = RoleFacts & { readonly denials: readonly Known[] }

/**
 * AWS by AssumeRole: a grant makes nothing there; it is the permission to have credentials, each of which ends with it.
 * What takes it away before is a denial, in an inline policy of the role, of exactly this grant's sessions.
 */
export const createSts = (options: StsOptions): Provider => {
  const { clock, records, externalId } = options
  const api = createApi({ ...options, region: options.defaultRegion })
  const policy = `gitsudo-${base32(options.instance)}-revoked`
  const reach: AwsReach = {
    mode: 'sts_assume_role',
    roleArnTemplate: options.roleArnTemplate,
    chained: options.credentialsSource !== 'static',
  }
  const roleOf = (intent: Intent): AwsRole | undefined => awsRole(options.roleArnTemplate, intent)
  const refusedOf = (intent: Intent, id: string): Refused => ({
    userid: `${id}:${sessionName(intent)}`,
    until: intent.endsAt + lastsMs(options.credentialsSource),
  })
  const others = async (role: AwsRole, id: string): Promise<readonly Refused[]> => {
    const here = (await records.denied()).filter(
      (one) => roleOf(one)?.arn === role.arn && clock.now() < one.endsAt,
    )
    const given = await Promise.all(here.map((one) => records.wasGiven(one.grant)))
    return here.filter((_, index) => given[index]).map((one) => refusedOf(one, id))
  }
  const sighted = createSighted()
  const byOurs = (denials: readonly Denial[]): readonly Known[] =>
    denials.map((one) => ({ ...one, by: sighted(one.userid, one.since, clock.now()) }))
  const writer = createWriter({
    api,
    records,
    clock,
    policy,
    others: async (role) => {
      const { id } = await api.role(role, AbortSignal.timeout(5000))
      return others(role, id)
    },
  })

  /** Undefined: the role is not there, and with it no session of it lives. */
  const look = async (role: AwsRole, call: Call): Promise<Look | undefined> => {
    try {
      const facts = await api.role(role, call.signal)
      return { ...facts, denials: byOurs(readDenials(await api.policy(role, policy, call.signal))) }
    } catch (error) {
      if (error instanceof ProviderError && error.kind === 'not_found') return undefined
      throw error
    }
  }
  const denialOf = (seen: Pick<Look, 'id' | 'denials'>, intent: Intent): Known | undefined =>
    seen.denials.find(({ userid }) => userid === refusedOf(intent, seen.id).userid)
  const isDenied = (seen: Pick<Look, 'id' | 'denials'>, intent: Intent): boolean => {
    const denial = denialOf(seen, intent)
    return denial !== undefined && isInForce(denial.by, clock.now())
  }
  const keyOf = (intent: Intent): string =>
    `${roleOf(intent)?.arn ?? `${intent.scope} ${intent.cloudRole}`} ${sessionName(intent)}`
  const present = (role: AwsRole, intent: Intent): Extract<Observation, { kind: 'present' }> => ({
    kind: 'present',
    handle: `${role.arn} ${sessionName(intent)}`,
    expiresAt: intent.endsAt,
  })
  const wanted = (intent: Intent): AwsRole => {
    const seconds = (intent.endsAt - intent.startsAt) / 1000
    const [refusal] = refusals('aws', { ...intent, seconds }, { aws: reach })
    const role = roleOf(intent)
    if (refusal !== undefined || role === undefined)
      throw new ProviderError('invalid', `aws: ${refusal?.had ?? intent.scope}`)
    if (clock.now() >= intent.endsAt) throw new ProviderError('invalid', 'aws: the end has passed')
    return role
  }

  /** AssumeRole, without what its trust policy lacks where that is allowed to lack. */
  const assume = async (intent: Intent, role: AwsRole, call: Call, session?: string) => {
    let input = sessionOf(intent, role.arn, externalId, clock.now())
    if (session !== undefined) input = { ...input, Policy: session, DurationSeconds: leastSeconds }
    const without: string[] = []
    for (;;) {
      try {
        return { ...(await api.rawAssume(input, call.signal)), without }
      } catch (error) {
        const left = options.sessionTags === 'required' ? undefined : withoutLacking(input, error)
        if (left === undefined)
          throw classify(error, { call: 'AssumeRole', of: role.arn, permission: 'sts:AssumeRole' })
        options.log.warn('a session goes without what its role’s trust policy does not allow', {
          grant: intent.grant,
          role: role.arn,
          without: left.without,
        })
        without.push(left.without)
        input = left.input
      }
    }
  }

  return {
    name: 'aws',
    traits: { binding: false, marks: false, shared: false },
    propagationMs,
    account: (scope) => scope,
    bindingKey: keyOf,

    async limits(of, call) {
      const role = awsRole(options.roleArnTemplate, of)
      if (role === undefined) return () => []
      const { mostSeconds } = await api.role(role, call.signal)
      return ({ seconds }) => {
        const long = longerThanRole(role, mostSeconds, seconds)
        return long === undefined ? [] : [long]
      }
    },

    async inspect(intent, call) {
      const role = roleOf(intent)
      if (role === undefined || clock.now() >= intent.endsAt) return { kind: 'absent' }
      const seen = await look(role, call)
      if (seen === undefined) return { kind: 'absent' }
      return isDenied(seen, intent) ? { kind: 'absent' } : present(role, intent)
    },

    async ensure(intent, call) {
      const role = wanted(intent)
      const seen = await look(role, call)
      if (seen === undefined) throw new ProviderError('not_found', `aws: there is no role ${role.arn}`)
      const long = longerThanRole(role, seen.mostSeconds, (intent.endsAt - intent.startsAt) / 1000)
      if (long !== undefined) throw new ProviderError('invalid', `aws: ${long.had}`)
      if (denialOf(seen, intent) !== undefined)
        throw new ProviderError('invalid', `aws: the sessions of ${intent.grant} have been revoked`)
      const refused = tidy(seen.denials, clock.now()).length
      if (intent.auto === true && refused >= mostForAuto)
        throw new ProviderError(
          'invalid',
          `aws: ${role.arn} refuses ${refused} revoked sessions; without an approver nobody gets it before they have ended`,
        )
      const { without } = await assume(intent, role, call, nothing)
      return { ...present(role, intent), ...(without.length === 0 ? {} : { without }) }
    },

    async remove(intent, call) {
      const role = roleOf(intent)
      // Past its end every session is refused by its own policy; without credentials there is none.
      if (role === undefined || clock.now() >= intent.endsAt) return 'absent'
      if ((await records.wasGiven(intent.grant)) === false) return 'absent'
      const seen = await look(role, call)
      if (seen === undefined) return 'absent'
      const denials =
        denialOf(seen, intent) === undefined
          ? byOurs(await writer.refuse(role, refusedOf(intent, seen.id), call))
          : seen.denials
      return isDenied({ ...seen, denials }, intent) ? 'absent' : 'removing'
    },

    async credentials(intent, _session, call) {
      const { Credentials: given } = await assume(intent, wanted(intent), call)
      if (given?.AccessKeyId === undefined || given.Expiration === undefined)
        throw new ProviderError('unknown', 'aws: AssumeRole answered without credentials')
      return {
        environment: {
          AWS_ACCESS_KEY_ID: given.AccessKeyId,
          AWS_SECRET_ACCESS_KEY: given.SecretAccessKey ?? '',
          AWS_SESSION_TOKEN: given.SessionToken ?? '',
          AWS_DEFAULT_REGION: options.defaultRegion,
        },
        expiresAt: Math.min(given.Expiration.getTime(), intent.endsAt),
      }
    },

    lingerMs: ({ chain }) => (chain === true ? chainMs : 0),

    /** AWS shows nobody's sessions, and a grant makes nothing else. */
    list: async () => ({ bindings: [], unread: [] }),

    async regained(intents, call) {
      const live = intents.filter(({ endsAt }) => clock.now() < endsAt)
      const given = await Promise.all(live.map(({ grant }) => records.wasGiven(grant)))
      // That somebody is in again is said for certain, or not at all.
      const used = live.filter((_, index) => given[index] === true)
      const role = used[0] && roleOf(used[0])
      const seen = role && (await look(role, call))
      if (seen === undefined) return []
      return used
        .filter((intent) => {
          const denial = denialOf(seen, intent)
          // One that is young is there again; by what it says itself, which is nobody's first look.
          return denial === undefined || !isInForce(denial.since, clock.now())
        })
        .map((intent) => ({
          grant: intent.grant,
          handle: keyOf(intent),
          principal: intent.principal,
          role: intent.cloudRole,
          scope: intent.scope,
          expiresAt: intent.endsAt,
        }))
    },

    check: (call) => checkRoles({ api, options, reach }, call),
  }
}

const withoutLacking = <T extends { readonly Tags?: unknown; readonly SourceIdentity?: unknown }>(
  input: T,
  error: unknown,
) => {
  const { Tags, SourceIdentity, ...rest } = input
  if (Tags !== undefined && lacks(error, 'sts:TagSession'))
    return { input: { ...rest, SourceIdentity } as T, without: 'sts:TagSession' }
  if (SourceIdentity !== undefined && lacks(error, 'sts:SetSourceIdentity'))
    return { input: { ...rest, Tags } as T, without: 'sts:SetSourceIdentity' }
  return undefined
}
