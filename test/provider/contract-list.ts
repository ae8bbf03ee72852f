import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import { type Binding, type Call, type Observation, ProviderError } from '../../app/provider/port.ts'
import type { Harness } from './contract.ts'
import { waiting } from './waiting.ts'

const hour = 3_600_000

/** What every provider promises of what is found there: what reconciliation stands on. */
export const describeList = (name: string, make: () => Promise<Harness>): void => {
  describe(`${name} shows what is there, and takes away what should not be`, () => {
    let h: Harness
    beforeEach(async () => {
      h = await make()
    })
    afterEach(() => h.dispose())

    const call = (ms = 10_000): Call => ({ deadline: h.now() + ms, signal: AbortSignal.timeout(ms) })
    const listAll = (...intents: readonly Intent[]) => h.provider.list(call(), intents)
    const list = async (...intents: readonly Intent[]) => (await listAll(...intents)).bindings
    /** As a reconciler does: again and again, no sooner than the cloud asks, until it says so. */
    const until = async (ask: () => Promise<boolean>): Promise<void> => {
      for (let tries = 0; tries < 50; tries++) {
        if ((await waiting(h, ask)) === true) return
        h.advance(1000 + h.provider.propagationMs)
      }
      throw new Error('never')
    }
    const asGranted = (seen: Observation, { endsAt }: Intent): boolean =>
      seen.kind === 'present' && seen.differs === undefined && (seen.expiresAt ?? endsAt) <= endsAt

    test('lists everything of ours and nothing else', async () => {
      const ours = [h.intent(1), h.intent(2)]
      for (const intent of ours) await h.provider.ensure(intent, call())
      const stranger = h.stranger()
      const theirs = h.intent(3)
      await stranger.ensure(theirs, call())
      const listed = await list(...ours)
      const wanted = h.provider.traits.binding ? ours : []
      expect(listed.map(({ grant }) => grant).sort()).toEqual(wanted.map(({ grant }) => grant).sort())
      // Where the grant is to be, as its key says, and as it was granted.
      const keys = wanted.map((intent) => h.provider.bindingKey(intent))
      expect(listed.map(({ handle }) => handle).sort()).toEqual(keys.sort())
      expect(listed.filter(({ differs }) => differs !== undefined)).toEqual([])
      for (const intent of ours) {
        const seen = await h.provider.inspect(intent, call())
        expect(seen).toMatchObject({ kind: 'present', handle: h.provider.bindingKey(intent) })
        expect(asGranted(seen, intent)).toBe(true)
        await until(async () => (await h.provider.remove(intent, call())) === 'absent')
      }
      expect(await list(...ours)).toEqual([])
      expect((await stranger.list(call(), [])).bindings.length).toBe(h.provider.traits.marks ? 1 : 0)
    })

    test('an empty list is an answer, trouble is none', async () => {
      const intent = h.intent(1)
      await h.provider.ensure(intent, call())
      h.meet('unavailable', 'list')
      if (!h.provider.traits.binding) return expect(await list(intent)).toEqual([])
      const told: unknown = await listAll(intent).catch((reason: unknown) => reason)
      if (told instanceof ProviderError) expect(told.kind).toBe('unavailable')
      else expect(told).toMatchObject({ bindings: [], unread: [{ kind: 'unavailable' }] })
    })

    test('one place that cannot be read is named, and keeps no other from being listed', async () => {
      const { elsewhere } = h
      if (elsewhere === undefined) return expect((await listAll(h.intent(1))).unread).toEqual([])
      const [here, there] = [h.intent(1), h.intent(2, { scope: elsewhere.scope })]
      for (const intent of [here, there]) await h.provider.ensure(intent, call())
      const back = elsewhere.away()
      const { bindings, unread } = await listAll(here, there)
      expect(bindings.map(({ grant }) => grant)).toEqual([here.grant])
      expect(unread).toEqual([{ place: expect.any(String), kind: 'unavailable', why: expect.any(String) }])
      // So that it is told what is not missing.
      expect(h.provider.account(unread[0]?.place ?? '')).toBe(h.provider.account(elsewhere.scope))
      back()
      const all = await listAll(here, there)
      expect(all.bindings).toHaveLength(2)
      expect(all.unread).toEqual([])
    })

    test('can discard what no grant has, and cut back, where it carries marks', () => {
      const { cutBack, discard, regained, traits } = h.provider
      expect([cutBack !== undefined, discard !== undefined]).toEqual([traits.marks, traits.marks])
      // What makes nothing there can only be given back what was taken.
      expect(regained !== undefined).toBe(!traits.binding)
    })

    test('discards one binding by its handle, and never what another installation made', async () => {
      const { discard } = h.provider
      if (discard === undefined) return expect(h.provider.traits.marks).toBe(false)
      const [orphan, other, theirs] = [h.intent(1), h.intent(2), h.intent(3)]
      for (const intent of [orphan, other]) await h.provider.ensure(intent, call())
      const stranger = h.stranger()
      await stranger.ensure(theirs, call())
      const foundBy = (listed: readonly Binding[], { grant }: Intent): Binding => {
        const found = listed.find((one) => one.grant === grant)
        if (found === undefined) throw new Error(`${grant} is not listed`)
        return found
      }
      const found = foundBy(await list(), orphan)
      // A lost answer is repaired by being asked again.
      h.meet('lost', 'discard')
      await discard(found, call()).catch((error: unknown) => expect(error).toBeInstanceOf(ProviderError))
      for (const again of [1, 2]) {
        await until(async () => (await discard(found, call())) === 'absent')
        expect([again, await h.getsIn(orphan)]).toEqual([again, false])
      }
      expect(await h.getsIn(other)).toBe(true)
      await discard(foundBy((await stranger.list(call(), [])).bindings, theirs), call())
      expect((await stranger.inspect(theirs, call())).kind).toBe('present')
    })

    test('cuts back what was extended or altered, and makes nothing', async () => {
      const { cutBack } = h.provider
      if (cutBack === undefined) return expect(h.provider.traits.marks).toBe(false)
      const [extended, altered, never] = [h.intent(1), h.intent(2), h.intent(3)]
      expect(await cutBack(never, call())).toEqual({ kind: 'absent' })
      expect(await h.getsIn(never)).toBe(false)
      for (const intent of [extended, altered]) await h.provider.ensure(intent, call())
      await h.extendBehind(extended, extended.endsAt + hour)
      await h.alterBehind?.(altered)
      h.advance(h.provider.propagationMs)
      if (h.alterBehind !== undefined) {
        expect(await h.provider.inspect(altered, call())).toMatchObject({ differs: expect.any(String) })
        const listed = await list(extended, altered)
        expect(listed.find(({ grant }) => grant === altered.grant)?.differs).toEqual(expect.any(String))
      }
      for (const intent of [extended, altered]) {
        await until(async () => {
          const seen = await cutBack(intent, call())
          return seen.kind === 'absent' || asGranted(seen, intent)
        })
        const seen = await h.provider.inspect(intent, call())
        expect(seen.kind === 'absent' || asGranted(seen, intent)).toBe(true)
      }
    })
  })
}
