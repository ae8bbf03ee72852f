import type { Actor, Json, LedgerEvent } from '../audit/event.ts'
import { sealMs } from '../grant/bounds.ts'
import { gitsudo, userActor } from '../grant/events.ts'
import { type Override, overrideKey } from '../grant/standing.ts'
import { writeInstant } from '../request/instant.ts'
import type { ReconcileDeps } from './deps.ts'
import type { OverrideAsk, Tx } from './ports/store.ts'
import { transact } from './transact.ts'
import { wakeWaiting } from './wake-waiting.ts'

/** How long a first administrator's command waits for a second one's. */
const askMs = 3_600_000

type Person = { readonly id: number; readonly login: string }
type Deps = Pick<ReconcileDeps, 'clock' | 'log' | 'store' | 'ledger' | 'keys' | 'queue' | 'settings'>

export type PoliciesOff = {
  /** Disabled by hand: a request must pass both with and without them. */
  readonly byHand: readonly string[]
  readonly overridden: readonly Override[]
}

/**
 * Which policies are off now. A row's word counts only under our MAC and where the ledger has the same override,
 * started by two who are administrators still, not ended, not over: an old row put back disables nothing.
 */
export const policiesOff = async (
  deps: Pick<Deps, 'clock' | 'log' | 'store' | 'ledger' | 'settings'>,
  repository: number,
): Promise<PoliciesOff> => {
  const now = deps.clock.now()
  const rows = await deps.store.disabledPolicies(now, repository)
  if (rows.overridden.length + rows.forged.length === 0) return { byHand: rows.byHand, overridden: [] }
  const { overrides } = await deps.ledger.standing()
  const overridden: Override[] = []
  const forged = [...rows.forged]
  for (const policy of rows.overridden) {
    const told = overrides.get(overrideKey(repository, policy))
    const by = new Set(told?.by.map(({ id }) => id).filter((id) => deps.settings.administrators.includes(id)))
    if (told !== undefined && now < told.until && by.size > 1) overridden.push(told)
    else forged.push(policy)
  }
  if (forged.length > 0) deps.log.alert('override.forged', { repository, policies: forged })
  return { byHand: [...new Set([...rows.byHand, ...forged])].sort(), overridden }
}

export type Asked =
  | { readonly kind: 'no_such_policy' }
  /** Waits for the same command by another administrator, until so long (epoch ms). `others`: who asked otherwise. */
  | { readonly kind: 'asked'; readonly until: number; readonly others: readonly OverrideAsk[] }
  | { readonly kind: 'started'; readonly until: number; readonly by: readonly Person[] }
  | { readonly kind: 'ended' }

/**
 * One administrator's command to disable a policy for `seconds`. The same one by a second administrator within an
 * hour starts it. Who calls, and that they are an administrator, is established already. Sealed when it returns.
 */
export const askOverride = async (
  deps: Deps,
  ask: Omit<OverrideAsk, 'askedAt'>,
): Promise<Exclude<Asked, { kind: 'ended' }>> => {
  const { repository, policy, by, seconds } = ask
  const now = deps.clock.now()
  const last = (await deps.ledger.standing()).overrides.get(overrideKey(repository, policy))
  const { answer, staged } = await transact(deps, async (tx, deps) => {
    await deps.store.serialise(tx, `policies:${repository}`)
    const { valid, forged } = await deps.store.overrideAsks(repository, policy)
    if (forged > 0) deps.log.alert('override_ask.forged', { repository, policy })
    const others = valid.filter(
      (one) =>
        one.by.id !== by.id &&
        deps.settings.administrators.includes(one.by.id) &&
        now < one.askedAt + askMs &&
        // A wish that has been granted once is spent, should its row come back.
        one.askedAt > (last?.from ?? 0),
    )
    const first = others.find((one) => one.seconds === seconds)
    if (first === undefined) {
      await deps.store.putOverrideAsk(tx, { ...ask, askedAt: now })
      const until = now + askMs
      const event = overridden(repository, policy, userActor(by), now, { phase: 'asked', seconds })
      const leaf = await deps.ledger.stage(tx, deps.keys.sign(event))
      return { answer: { kind: 'asked', until, others } as const, staged: [leaf] }
    }
    const until = now + seconds * 1000
    const people = [first.by, by]
    const ids = people.map(({ id }) => id)
    if (!(await deps.store.startOverride(tx, { repository, policy, until, by: ids })))
      return { answer: { kind: 'no_such_policy' } as const, staged: [] }
    await deps.store.dropOverrideAsks(tx, repository, policy)
    const event = overridden(repository, policy, userActor(by), now, {
      phase: 'started',
      until: writeInstant(until),
      by: people.map(({ id, login }) => ({ id, login })),
    })
    const leaf = await deps.ledger.stage(tx, deps.keys.sign(event))
    await wakeWaiting(deps, tx, repository)
    return { answer: { kind: 'started', until, by: people } as const, staged: [leaf] }
  })
  await deps.ledger.sealed(staged, deps.clock.now() + sealMs)
  if (answer.kind === 'started') {
    const by = answer.by.map(({ login }) => login)
    deps.log.alert('policy.overridden', { repository, policy, by, until: writeInstant(answer.until) })
  }
  return answer
}

/** Enables a policy again, whoever disabled it; one administrator is enough. Sealed when it returns. */
export const endOverride = async (
  deps: Deps,
  { repository, policy, by }: { readonly repository: number; readonly policy: string; readonly by: Person },
): Promise<Extract<Asked, { kind: 'ended' | 'no_such_policy' }>> => {
  const staged = await deps.store.transaction((tx) => end(deps, tx, repository, policy, userActor(by), by))
  if (staged === undefined) return { kind: 'no_such_policy' }
  await deps.ledger.sealed([staged], deps.clock.now() + sealMs)
  return { kind: 'ended' }
}

/**
 * @returns ends overrides whose time is over, and alerts of each policy that was disabled by hand, once as long as it stays
 *   so: it disables nothing, and whoever can silence the table's triggers must not do it unseen (trust.md 5.4, 5.5)
 */
export const createPolicyWatch = (deps: Deps): (() => Promise<void>) => {
  const told = new Map<number, ReadonlySet<string>>()
  return async () => {
    for (const repository of deps.settings.repositories.keys()) {
      const { byHand } = await deps.store.disabledPolicies(deps.clock.now(), repository)
      for (const policy of byHand)
        if (!told.get(repository)?.has(policy))
          deps.log.alert('policy.disabled_by_hand', { repository, policy })
      told.set(repository, new Set(byHand))
    }
    await endOverrides(deps)
  }
}

/** Overrides whose time is over: they disable nothing any more, and their rows and the ledger come to say so. */
export const endOverrides = async (deps: Deps): Promise<void> => {
  for (const repository of deps.settings.repositories.keys()) {
    const { expired } = await deps.store.disabledPolicies(deps.clock.now(), repository)
    for (const policy of expired)
      await deps.store.transaction(async (tx) => {
        await deps.store.serialise(tx, `policies:${repository}`)
        // Somebody else may have seen it too, and ended it meanwhile.
        const still = await deps.store.disabledPolicies(deps.clock.now(), repository)
        if (still.expired.includes(policy)) await end(deps, tx, repository, policy, gitsudo)
      })
  }
}

const end = async (
  deps: Deps,
  tx: Tx,
  repository: number,
  policy: string,
  actor: Actor,
  by?: Person,
): Promise<string | undefined> => {
  await deps.store.serialise(tx, `policies:${repository}`)
  if (!(await deps.store.endOverride(tx, repository, policy))) return undefined
  await deps.store.dropOverrideAsks(tx, repository, policy)
  await wakeWaiting(deps, tx, repository)
  const now = deps.clock.now()
  const who = by === undefined ? [] : [{ id: by.id, login: by.login }]
  const event = overridden(repository, policy, actor, now, {
    phase: 'ended',
    until: writeInstant(now),
    by: who,
  })
  return deps.ledger.stage(tx, deps.keys.sign(event))
}

const overridden = (
  repository: number,
  policy: string,
  actor: Actor,
  at: number,
  data: Readonly<Record<string, Json>>,
): LedgerEvent => ({
  v: 1,
  type: 'policy.overridden',
  at: writeInstant(at),
  actor,
  repo: repository,
  data: { policy, ...data },
})
