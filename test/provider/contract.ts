import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import { type Call, type Provider, ProviderError } from '../../app/provider/port.ts'
import { describeList } from './contract-list.ts'
import { waiting } from './waiting.ts'

export type Trouble = 'throttled' | 'conflict' | 'unavailable' | 'hang' | 'lost' | 'stale' | 'forbidden'

/** One cloud, fresh for each test, with hands that reach behind the provider. */
export type Harness = {
  readonly provider: Provider
  /** The same cloud seen by a new process of the same installation. */
  restart(): Provider
  /** The same cloud seen by another installation. */
  stranger(): Provider
  /** An intent that the cloud accepts; `number` makes another grant of another principal, unless `change` says so. */
  intent(number: number, change?: Partial<Intent>): Intent
  now(): number
  advance(ms: number): void
  /** Whether the intent's principal gets in now, by what the cloud itself decides. */
  getsIn(intent: Intent): Promise<boolean>
  /** Whether the cloud lets nobody in past the end even if nobody takes the binding away. */
  readonly endsByItself: boolean
  /** The next call of one of these kinds meets it. */
  meet(
    trouble: Trouble,
    ...on: readonly Exclude<
      keyof Provider,
      | 'name'
      | 'traits'
      | 'account'
      | 'bindingKey'
      | 'environment'
      | 'limits'
      | 'lingerMs'
      | 'observe'
      | 'propagationMs'
      | 'regained'
    >[]
  ): void
  /** Takes the grant's binding away, or makes it last until `expiresAt`, without the provider. */
  deleteBehind(intent: Intent): Promise<void>
  extendBehind(intent: Intent, expiresAt: number): Promise<void>
  /** Gives somebody else as well, or more, by the grant's binding; absent where the cloud's bindings never change. */
  alterBehind?(intent: Intent): Promise<void>
  /**
   * A scope in another place than `intent`'s, and a hand that keeps it from being read until it is called again; absent
   * where a list asks one place or none.
   */
  readonly elsewhere?: { readonly scope: string; away(): () => void }
  /** Roles and scopes that the cloud must refuse as `invalid`. */
  readonly hostile: readonly Partial<Intent>[]
  /** Names as long as the cloud takes them. */
  readonly longest: Partial<Intent>
  /** What `forbidden` names as missing. */
  readonly permission: string
  dispose(): Promise<void>
}

const minute = 60_000

/** A thousand at night (`npm run test:night`). */
const many = Number(process.env.GITSUDO_CONTRACT_GRANTS ?? 100)

/**
 * What every provider promises (providers.md), nothing skipped: where a trait is `no`, the opposite is asserted.
 */
export const describeProvider = (name: string, make: () => Promise<Harness>): void => {
  describe(`${name} keeps the provider contract`, () => {
    let h: Harness
    beforeEach(async () => {
      h = await make()
    })
    afterEach(() => h.dispose())

    const call = (ms = 10_000): Call => ({ deadline: h.now() + ms, signal: AbortSignal.timeout(ms) })
    const ensure = (intent: Intent, provider = h.provider, ms?: number) => provider.ensure(intent, call(ms))
    const inspect = (intent: Intent, provider = h.provider, ms?: number) => provider.inspect(intent, call(ms))
    const remove = (intent: Intent, provider = h.provider, ms?: number) => provider.remove(intent, call(ms))
    /** As a reconciler does: again and again, no sooner than the cloud asks, until it says so. */
    const until = async <T>(wanted: T, ask: () => Promise<T>): Promise<void> => {
      for (let tries = 0; tries < 50; tries++) {
        if ((await waiting(h, ask)) === wanted) return
        h.advance(1000 + h.provider.propagationMs)
      }
      throw new Error(`never ${wanted}`)
    }
    const gone = (intent: Intent) => until('absent', () => remove(intent))
    const there = async (intent: Intent): Promise<boolean> => (await inspect(intent)).kind === 'present'
    /** A cloud in which a grant makes nothing cannot tell one that was not given from one that was. */
    const given = (intent: Intent): Promise<boolean> =>
      h.provider.traits.binding ? there(intent) : h.getsIn(intent)
    /** Where nothing is made anew, what was taken away stays away. */
    const again = async (intent: Intent): Promise<void> => {
      if (h.provider.traits.binding) await ensure(intent)
      else expect((await fault(ensure(intent))).kind).toBe('invalid')
    }
    const fault = async (work: Promise<unknown>): Promise<ProviderError> => {
      const error: unknown = await work.then(
        () => new Error('it succeeded'),
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(ProviderError)
      return error as ProviderError
    }

    test('gives, shows and takes away', async () => {
      const intent = h.intent(1)
      expect((await inspect(intent)).kind).toBe(h.provider.traits.binding ? 'absent' : 'present')
      expect(await h.getsIn(intent)).toBe(false)
      const made = await ensure(intent)
      expect(made).toMatchObject({ kind: 'present', handle: expect.any(String) })
      expect(await inspect(intent)).toEqual(made)
      expect(await h.getsIn(intent)).toBe(true)
      await gone(intent)
      expect(await inspect(intent)).toEqual({ kind: 'absent' })
      expect(await h.getsIn(intent)).toBe(false)
    })

    test('tells its limits beforehand, changing nothing, and gives what they have nothing against', async () => {
      const intent = h.intent(1)
      const { limits } = h.provider
      if (limits === undefined) return expect('limits' in h.provider).toBe(false)
      const judge = await limits(intent, call())
      expect(judge({ ...intent, seconds: (intent.endsAt - intent.startsAt) / 1000 })).toEqual([])
      expect(await given(intent)).toBe(false)
      await ensure(intent)
      expect(await given(intent)).toBe(true)
      await gone(intent)
    })

    test('ends by itself, or lasts until it is taken away, as it says', async () => {
      const intent = h.intent(1)
      await ensure(intent)
      h.advance(intent.endsAt - h.now())
      expect(await h.getsIn(intent)).toBe(!h.endsByItself)
      await gone(intent)
      expect(await h.getsIn(intent)).toBe(false)
    })

    test('ensures and removes idempotently, from any process, also what was never there', async () => {
      const intent = h.intent(1)
      await gone(intent)
      const first = await ensure(intent)
      expect(await ensure(intent)).toEqual(first)
      expect(await ensure(intent, h.restart())).toEqual(first)
      expect((await h.provider.list(call(), [intent])).bindings.length).toBe(
        h.provider.traits.binding ? 1 : 0,
      )
      await gone(intent)
      await gone(intent)
      // Who knows a moment only from others takes it to be as much later as clocks may differ, and round it up.
      h.advance(6 * minute)
      expect(await inspect(intent, h.restart())).toEqual({ kind: 'absent' })
    })

    test('carries on after a crash between any two calls', async () => {
      const intent = h.intent(1)
      for (const provider of [h.restart(), h.restart()]) {
        await ensure(intent, provider)
        expect((await inspect(intent, h.restart())).kind).toBe('present')
      }
      for (let times = 0; times < 2; times++) await until('absent', () => remove(intent, h.restart()))
      expect((await inspect(intent, h.restart())).kind).toBe('absent')
    })

    test.each([
      ['throttled', 'throttled'],
      ['conflict', 'conflict'],
      ['unavailable', 'unavailable'],
      ['forbidden', 'forbidden'],
    ] as const)('says %s, and nothing has happened', async (trouble, kind) => {
      const intent = h.intent(1)
      // A conflict is fought until the deadline.
      const ms = trouble === 'conflict' ? 500 : undefined
      h.meet(trouble, 'ensure')
      // Each time by a new process: one that has been throttled waits.
      const refused = await fault(ensure(intent, h.restart(), ms))
      expect(refused.kind).toBe(kind)
      if (kind === 'throttled') expect(refused.retryAfter).toBeGreaterThan(0)
      if (kind === 'forbidden') expect(refused.message).toContain(h.permission)
      expect(await given(intent)).toBe(false)
      await ensure(intent)
      h.meet(trouble, 'remove')
      expect((await fault(remove(intent, h.restart(), ms))).kind).toBe(kind)
      expect(await there(intent)).toBe(true)
      h.meet(trouble, 'inspect')
      // Trouble is never an answer: neither absent nor present.
      expect((await fault(inspect(intent, h.restart(), ms))).kind).toBe(kind)
      await gone(intent)
    })

    test('ends a call that hangs at its deadline, as unknown', async () => {
      const intent = h.intent(1)
      for (const [on, ask] of [
        ['ensure', h.provider.ensure],
        ['inspect', h.provider.inspect],
        ['remove', h.provider.remove],
      ] as const) {
        // Where there is nothing to take away, nobody is asked.
        if (on !== 'ensure') await ensure(intent)
        h.meet('hang', on)
        expect((await fault(ask(intent, call(500)))).kind).toBe('unknown')
      }
    })

    test('repairs a lost answer by being asked again', async () => {
      const intent = h.intent(1)
      h.meet('lost', 'ensure')
      expect((await fault(ensure(intent))).kind).toBe('unknown')
      await ensure(intent)
      expect((await h.provider.list(call(), [intent])).bindings.length).toBe(
        h.provider.traits.binding ? 1 : 0,
      )
      h.meet('lost', 'remove')
      expect((await fault(remove(intent))).kind).toBe('unknown')
      await gone(intent)
    })

    test('takes a lagging read neither for there nor for gone', async () => {
      const intent = h.intent(1)
      h.meet('stale', 'ensure')
      const first = await ensure(intent).catch((error: unknown) => error)
      if (first instanceof ProviderError) expect(first.kind).toBe('unavailable')
      else expect(first).toMatchObject({ kind: 'present' })
      h.advance(h.provider.propagationMs)
      await ensure(intent)
      h.meet('stale', 'remove')
      const left = await remove(intent, h.provider, 500).catch((error: unknown) => error)
      if (left instanceof ProviderError) expect(left.kind).toBe('conflict')
      else expect(left).toBe(h.provider.propagationMs > 0 ? 'removing' : 'absent')
      // Right after it was given, a read may still show it absent.
      await again(intent)
      h.meet('stale', 'remove')
      const early = await remove(intent, h.provider, 500).catch((error: unknown) => error)
      if (early === 'absent') expect(await h.getsIn(intent)).toBe(false)
      h.advance(h.provider.propagationMs)
      await gone(intent)
      expect(await there(intent)).toBe(false)
    })

    test('shows what was deleted or extended behind our back as it is, and removes it', async () => {
      const [deleted, extended] = [h.intent(1), h.intent(2)]
      for (const intent of [deleted, extended]) await ensure(intent)
      const { binding } = h.provider.traits
      await h.deleteBehind(deleted)
      await h.extendBehind(extended, extended.endsAt + 60 * minute)
      h.advance(h.provider.propagationMs)
      expect((await inspect(deleted)).kind).toBe(binding ? 'absent' : 'present')
      const seen = await inspect(extended)
      expect(seen.kind).toBe('present')
      if (seen.kind === 'present' && seen.expiresAt !== undefined) {
        expect(seen.expiresAt).toBe(extended.endsAt + (binding ? 60 * minute : 0))
      }
      for (const intent of [deleted, extended]) await gone(intent)
      expect(await there(extended)).toBe(false)
    })

    test('gives two grants of the same access one binding or two, as it says', async () => {
      const first = h.intent(1)
      const second = h.intent(2, { principal: first.principal, requester: first.requester })
      const keys = [first, second].map((intent) => h.provider.bindingKey(intent))
      expect(new Set(keys).size).toBe(h.provider.traits.shared ? 1 : 2)
      for (const intent of [first, second]) await ensure(intent)
      await gone(first)
      // Shared, it is gone for both: who else needs it is counted before it is removed.
      expect(await there(second)).toBe(!h.provider.traits.shared)
      await gone(second)
    })

    test('gives fifty grants at once, each from a process of its own, and takes them away', async () => {
      const intents = Array.from({ length: 50 }, (_, number) => h.intent(number + 1))
      await Promise.all(intents.map((intent) => ensure(intent, h.restart(), 50_000)))
      for (const intent of intents) expect(await h.getsIn(intent)).toBe(true)
      await Promise.all(intents.map((intent) => until('absent', () => remove(intent, h.restart(), 50_000))))
      for (const intent of intents) expect(await h.getsIn(intent)).toBe(false)
    }, 120_000)

    test('keys of grants that differ in principal, role or scope differ', () => {
      const first = h.intent(1)
      const others = [
        h.intent(2),
        { ...first, grant: h.intent(3).grant, cloudRole: `${first.cloudRole}2` },
        { ...first, grant: h.intent(4).grant, scope: `${first.scope}2` },
      ]
      expect(new Set([first, ...others].map((intent) => h.provider.bindingKey(intent))).size).toBe(4)
    })

    test(`carries ${many} grants at once`, async () => {
      const intents = Array.from({ length: many }, (_, number) => h.intent(number + 1))
      await Promise.all(intents.map((intent) => ensure(intent, h.provider, 50_000)))
      const { bindings: listed } = await h.provider.list(call(), intents)
      expect(new Set(listed.map(({ grant }) => grant)).size).toBe(h.provider.traits.binding ? many : 0)
      await Promise.all(intents.map((intent) => until('absent', () => remove(intent, h.provider, 50_000))))
      expect(await h.provider.list(call(), intents)).toEqual({ bindings: [], unread: [] })
    }, 120_000)

    test('takes names at their length limits, and refuses hostile ones as invalid', async () => {
      const longest = h.intent(1, h.longest)
      await ensure(longest)
      expect(await there(longest)).toBe(true)
      await gone(longest)
      for (const change of h.hostile) {
        const intent = h.intent(2, change)
        expect((await fault(ensure(intent))).kind).toBe('invalid')
        expect(await remove(intent)).toBe('absent')
      }
    })

    test('gives nothing whose end has passed, and clocks may differ by five minutes', async () => {
      const past = h.intent(1, { startsAt: h.now() - 10 * minute, endsAt: h.now() - 1 })
      expect((await fault(ensure(past))).kind).toBe('invalid')
      expect(await remove(past)).toBe('absent')
      const skewed = h.intent(2, { startsAt: h.now() + 5 * minute, endsAt: h.now() + 65 * minute })
      expect((await ensure(skewed)).kind).toBe('present')
      await h.provider.credentials?.(skewed, { id: 'session-1' }, call())
      await gone(skewed)
    })

    test('gives credentials that never outlive the grant, or has none', async () => {
      const intent = h.intent(1)
      await ensure(intent)
      const { credentials } = h.provider
      if (credentials === undefined) return expect('credentials' in h.provider).toBe(false)
      const given = await credentials(intent, { id: 'session-1' }, call())
      expect(given.expiresAt).toBeLessThanOrEqual(intent.endsAt)
      expect(Object.keys({ ...given.environment, ...given.files }).length).toBeGreaterThan(0)
      h.advance(intent.endsAt - h.now())
      await fault(credentials(intent, { id: 'session-2' }, call()))
      await gone(intent)
    })

    test('finds nothing wrong with a configuration that is right, and names a permission that is missing', async () => {
      expect(await h.provider.check(call())).toEqual([])
      h.meet('forbidden', 'check')
      const words = await h.provider.check(call()).catch((error: unknown) => [String(error)])
      expect(words.join('\n')).toContain(h.permission)
    })
  })
  describeList(name, make)
}
