import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import { endedEvent, gitsudo } from '../../../app/grant/events.ts'
import { intendedEvent } from '../../../app/grant/intent-event.ts'
import type { Keys } from '../../../app/reconcile/ports/keys.ts'
import type { Ledger, LedgerFilter, Sealed } from '../../../app/reconcile/ports/ledger.ts'
import type { Tx } from '../../../app/reconcile/ports/store.ts'
import { testEvent } from '../events.ts'
import { anIntent } from '../memory/intent.ts'

export type LedgerUnderTest = {
  readonly ledger: Ledger
  /** Those that the ledger believes. */
  readonly keys: Keys
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const soon = () => Date.now() + 10_000

/** What the reconcilers rely on of the ledger. Each test has a repository of its own. */
export const describeLedger = (name: string, setUp: () => Promise<LedgerUnderTest>): void => {
  describe(`the ledger, ${name}`, () => {
    let at: LedgerUnderTest
    let repositories = 1000
    let events = 0
    beforeAll(async () => {
      at = await setUp()
    })
    afterAll(() => at.close())

    const eventOf = (repo: number, more: Partial<LedgerEvent> = {}) => testEvent(++events, { repo, ...more })
    const put = async (...all: readonly LedgerEvent[]): Promise<readonly number[]> =>
      at.ledger.sealed(await at.transaction((tx) => at.ledger.stageAll(tx, all)), soon())
    const read = async (filter: LedgerFilter): Promise<readonly Sealed[]> => {
      const found: Sealed[] = []
      for await (const one of at.ledger.read(filter)) found.push(one)
      return found
    }

    test('what was staged in a transaction that committed is sealed once, in its order, and nothing else', async () => {
      const repository = ++repositories
      const staged = [eventOf(repository), eventOf(repository), eventOf(repository)]
      await expect(
        at.transaction(async (tx) => {
          await at.ledger.stage(tx, eventOf(repository))
          throw new Error('taken back')
        }),
      ).rejects.toThrow('taken back')
      const seqs = await put(...staged)
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      expect(new Set(seqs).size).toBe(3)
      const sealed = await read({ repository })
      expect(sealed.map(({ event }) => event)).toEqual(staged)
      expect(sealed.map(({ seq }) => seq)).toEqual(seqs)
      for (const { body, leaf, event } of sealed) {
        expect(JSON.parse(new TextDecoder().decode(body))).toEqual(event)
        const due = hash('sha256', Buffer.concat([Uint8Array.of(0), body]), 'hex')
        expect(Buffer.from(leaf).toString('hex')).toBe(due)
      }
    })

    test('what does not fit its schema is not staged, and nothing with it', async () => {
      const repository = ++repositories
      const odd = { ...eventOf(repository), data: { odd: true } }
      const mixed = at.transaction((tx) => at.ledger.stageAll(tx, [eventOf(repository), odd]))
      await expect(mixed).rejects.toThrow()
      const after = eventOf(repository)
      await put(after)
      expect((await read({ repository })).map(({ event }) => event)).toEqual([after])
    })

    test('once it is committed an event waits or is sealed, at each moment', async () => {
      const repository = ++repositories
      const event = eventOf(repository)
      const id = await at.transaction((tx) => at.ledger.stage(tx, event))
      const waiting = (await at.ledger.waiting(event.type)).filter(({ repo }) => repo === repository)
      const sealed = await read({ repository })
      expect(waiting.length + sealed.length).toBeGreaterThan(0)
      await at.ledger.sealed([id], soon())
      expect((await at.ledger.waiting(event.type)).filter(({ repo }) => repo === repository)).toEqual([])
      expect(await read({ repository })).toHaveLength(1)
      expect(await at.ledger.waiting('grant.drift')).toEqual([])
    })

    test('what was never committed is not sealed by its deadline', async () => {
      const staged: string[] = []
      const failing = at.transaction(async (tx) => {
        staged.push(await at.ledger.stage(tx, eventOf(++repositories)))
        throw new Error('taken back')
      })
      await expect(failing).rejects.toThrow('taken back')
      await expect(at.ledger.sealed(staged, Date.now() + 300)).rejects.toThrow()
    })

    test('events are found by request or grant, type, repository and time', async () => {
      const repository = ++repositories
      const { grant } = anIntent(repository, 0)
      const about = eventOf(repository, {
        type: 'request.created',
        request: grant,
        at: '2027-01-01T00:00:00.000Z',
      })
      const later = eventOf(repository, {
        type: 'request.lapsed',
        request: grant,
        at: '2027-01-02T00:00:00.000Z',
      })
      const other = eventOf(repository, { at: '2027-01-03T00:00:00.000Z' })
      await put(about, later, other)
      const told = (all: readonly Sealed[]) => all.map(({ event }) => event)
      expect(told(await at.ledger.history(grant))).toEqual([about, later])
      expect(told(await at.ledger.remains(grant))).toEqual([about, later])
      expect(await at.ledger.history('req_NONE')).toEqual([])
      expect(told(await read({ request: grant }))).toEqual([about, later])
      expect(told(await read({ repository, types: ['request.lapsed'] }))).toEqual([later])
      const second = Date.parse('2027-01-02T00:00:00Z')
      expect(told(await read({ repository, since: second }))).toEqual([later, other])
      expect(told(await read({ repository, until: second }))).toEqual([about])
      expect(told(await read({ repository, newestFirst: true }))).toEqual([other, later, about])
      const nobody = { user: -1, requests: [] }
      expect(await read({ repository, concerning: nobody })).toEqual([])
      expect(told(await read({ repository, concerning: { ...nobody, requests: [grant] } }))).toEqual([
        about,
        later,
      ])
      const user = Number(other.actor.id)
      expect(told(await read({ repository, concerning: { user, requests: [] } }))).toContainEqual(other)
    })

    test('they are read in order either way, over more than one page', async () => {
      const repository = ++repositories
      const seqs = await put(...Array.from({ length: 1_001 }, () => eventOf(repository)))
      const found = async (filter: LedgerFilter) =>
        (await read({ repository, ...filter })).map(({ seq }) => seq)
      expect(await found({})).toEqual(seqs)
      expect(await found({ newestFirst: true })).toEqual(seqs.toReversed())
    })

    test('a signed intent stands until its signed end; an unsigned one never', async () => {
      const now = Date.now()
      const [one, two] = [anIntent(++repositories, now), anIntent(++repositories, now)]
      const { sig: _, ...bare } = at.keys.sign(intendedEvent(two, gitsudo, now)).data
      const forged = { ...bare, sig: { key: 'nobody', value: Buffer.alloc(64).toString('base64') } }
      await put(at.keys.sign(intendedEvent(one, gitsudo, now)), {
        ...intendedEvent(two, gitsudo, now),
        data: forged,
      })
      const { open } = await at.ledger.standing()
      expect(open.get(one.grant)).toMatchObject({ intent: one, stage: 'intended', blocked: false })
      expect(open.has(two.grant)).toBe(false)
      const of = { id: one.grant, repository: one.repository, pull: one.pull }
      await put(at.keys.sign(endedEvent(of, now + 1, { cause: 'expired', goneAt: now + 1, kept: [] })))
      expect((await at.ledger.standing()).open.has(one.grant)).toBe(false)
    })
  })
}
