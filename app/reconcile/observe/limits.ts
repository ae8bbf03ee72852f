import { askedOf } from '../../decision/asked-of.ts'
import type { Facts, RequestFacts } from '../../decision/facts.ts'
import { callMs } from '../../grant/bounds.ts'
import type { Asked, Refusal } from '../../grant/grantable/asked.ts'
import { type Reach, refusals } from '../../grant/grantable.ts'
import type { Limits, Provider } from '../../provider/port.ts'
import { callFor } from '../call-for.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { RepositorySettings } from '../ports/settings.ts'

/** So old an answer may be for a forecast. */
const forecastMs = 60_000
/** And for a verdict: what is merged together asks once. */
const verdictMs = 5000
/** Nobody waits longer for a cloud, counted from when it was asked. */
const patienceMs = 2000

type Deps = {
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  readonly providers: ReadonlyMap<string, Provider>
}
type Question = {
  readonly at: number
  open: boolean
  readonly answer: Promise<Limits | undefined>
  readonly impatient: Promise<undefined>
}

/**
 * What clouds have against a request by limits that only they can tell. Trouble is no refusal: a cloud that is away, or
 * does not answer in time, has nothing against it and delays nobody who comes later; `ensure` finds out. Of each place, a
 * role in a scope, one question is under way at most.
 */
export const createCloudLimits = ({ clock, log, providers }: Deps, patience = patienceMs) => {
  const asked = new Map<string, Question>()
  const never = new AbortController().signal

  const trouble = (provider: string, { cloudRole: role, scope }: Asked, error: unknown): undefined => {
    log.warn('a cloud does not tell its limits: it is decided without them', {
      provider,
      scope,
      role,
      why: error instanceof Error ? error.message : String(error),
    })
  }

  const ask = (cloud: Provider, of: Asked, at: number): Question => {
    const { cloudRole, scope } = of
    const answer = (async () => cloud.limits?.({ cloudRole, scope }, callFor(at, callMs, never)))().catch(
      (error: unknown) => trouble(cloud.name, of, error),
    )
    let timer: NodeJS.Timeout
    const impatient = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patience)
    })
    const question: Question = { at, open: true, answer, impatient }
    void answer.then(() => {
      question.open = false
      clearTimeout(timer)
    })
    return question
  }

  return {
    /**
     * Undefined: the cloud has no such limits, or did not tell them. Never throws.
     * @param fresh for a verdict, not a forecast
     */
    async refusals(
      provider: string,
      of: Required<Asked> & { readonly startsAt?: number },
      fresh: boolean,
    ): Promise<readonly Refusal[] | undefined> {
      const cloud = providers.get(provider)
      if (cloud?.limits === undefined) return undefined
      const now = clock.now()
      for (const [place, { at, open }] of asked) if (!open && now - at >= forecastMs) asked.delete(place)
      const place = JSON.stringify([provider, of.scope, of.cloudRole])
      const last = asked.get(place)
      const recent =
        last !== undefined && (last.open || now - last.at < (fresh ? verdictMs : forecastMs))
          ? last
          : undefined
      const question = recent ?? ask(cloud, of, now)
      asked.set(place, question)
      const limits = await Promise.race([question.answer, question.impatient])
      try {
        return limits?.({ ...of, startsAt: Math.max(now, of.startsAt ?? now) })
      } catch (error) {
        return trouble(provider, of, error)
      }
    },
  }
}
export type CloudLimits = ReturnType<typeof createCloudLimits>

/**
 * The requests with what their clouds have against them; only what could be given but for that is asked about. What a merge
 * only schedules is asked about at its start: until then others' places may be free.
 */
export const limited = async (
  limits: CloudLimits,
  repository: RepositorySettings,
  clouds: Reach | undefined,
  requests: readonly RequestFacts[],
  { moment, now }: Pick<Facts, 'moment' | 'now'>,
): Promise<readonly RequestFacts[]> =>
  Promise.all(
    requests.map(async (one) => {
      const { read } = one
      if (!read.ok || !isOffered(repository, one)) return one
      const { provider, startsAt } = read.request
      if (moment === 'merge' && startsAt !== undefined && startsAt > now) return one
      const asked = askedOf(one, read.request)
      if (asked === undefined || refusals(provider, asked, clouds).length > 0) return one
      const at = startsAt === undefined ? {} : { startsAt }
      const against = await limits.refusals(provider, { ...asked, ...at }, moment !== 'forecast')
      return against === undefined ? one : { ...one, limits: against }
    }),
  )

/** Whether catalogue and configuration have nothing against it: else whoever asks could have any place asked. */
const isOffered = ({ providers, scopes }: RepositorySettings, { read, role }: RequestFacts): boolean => {
  if (!read.ok || role === undefined || 'unknown' in role) return false
  const { provider, scope, durationSeconds, role: name } = read.request
  return (
    role.role === name &&
    role.scopes.includes(scope) &&
    durationSeconds <= role.maxDurationSeconds &&
    providers.includes(provider) &&
    (scopes.includes('*') || scopes.includes(scope))
  )
}
