import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Actor, LedgerEvent } from '../../app/audit/event.ts'
import {
  credentialsEvent,
  endedEvent,
  issuedEvent,
  observedEvent,
  revokeIntendedEvent,
  strayEvent,
} from '../../app/grant/events.ts'
import type { Intent } from '../../app/grant/intent.ts'
import { intendedEvent } from '../../app/grant/intent-event.ts'
import type { Standing } from '../../app/grant/standing.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { withClient } from '../support/client.ts'
import { testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const clock = memoryClock()
const actor: Actor = { kind: 'app', id: 'gitsudo' }
const intents = [1, 2, 3].map((number) => anIntent(number, clock.now()))
const [one, two, three] = intents as [Intent, Intent, Intent]

let postgres: TestDatabase
let closing: (() => Promise<unknown>)[]

beforeEach(async () => {
  postgres = await createTestDatabase()
  closing = []
})
afterEach(async () => {
  for (const close of closing.toReversed()) await close()
  await postgres.drop()
})

/** A process: what it remembers ends with it. */
const replica = async () => {
  const database: Database = await openDatabase(postgres.appUrl)
  const log = memoryLog()
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
  closing.push(async () => {
    await ledger.stop()
    await database.close()
  })
  const seal = async (...events: readonly LedgerEvent[]) => {
    const staged = await database.transaction(async (tx) => {
      const leaves: string[] = []
      for (const event of events) leaves.push(await ledger.stage(tx, event))
      return leaves
    })
    return ledger.sealed(staged, clock.now() + 10_000)
  }
  const alerts = () => log.lines.filter(({ level }) => level === 'alert').map(({ message }) => message)
  return { ledger, seal, alerts }
}
const hand = (...statements: readonly string[]) =>
  withClient(postgres.ownerUrl, async (client) => {
    await client.query("set gitsudo.announced = 'yes'")
    for (const statement of statements) await client.query(statement)
  })
/** As a release kept it that did not know this. */
const keepWithout = (member: 'blockedAt' | 'given' | 'strays') =>
  withClient(postgres.ownerUrl, async (client) => {
    await client.query("set gitsudo.announced = 'yes'")
    const { rows } = await client.query<{ kept: string }>('select kept from ledger_standing')
    const { [member]: _, ...older } = JSON.parse(rows[0]?.kept ?? '') as Record<string, unknown>
    const text = JSON.stringify(older)
    const mac = testKeys.mac('standing', { kept: text })
    const values = [text, mac.key, mac.value]
    await client.query('update ledger_standing set kept = $1, mac_key = $2, mac = $3', values)
  })
const signed = (event: LedgerEvent) => testKeys.sign(event)
const forged = (event: LedgerEvent) => {
  const sig = { key: 'k1', value: `${'A'.repeat(86)}==` }
  return { ...event, data: { ...event.data, sig } }
}
const intended = (intent: Intent) => signed(intendedEvent(intent, actor, clock.now()))
const of = ({ grant: id, repository, pull }: Intent) => ({ id, repository, pull })
const revoked = (intent: Intent) => [
  signed(revokeIntendedEvent(of(intent), clock.now(), actor, 'over')),
  signed(endedEvent(of(intent), clock.now(), { cause: 'revoked', goneAt: clock.now(), kept: [] })),
]
const revokedIn = ({ revoked: known }: Standing) => [...known.values()]
const seen = ({ open, closed, broken }: Standing) => ({
  open: [...open].map(([id, { stage, blocked }]) => [id, stage, blocked]),
  closed: [...closed.keys()],
  broken,
})

test('what stands is what verified events leave open, on every replica and after every start', async () => {
  const { ledger, seal } = await replica()
  await seal(intended(one), intended(two), intended(three))
  await seal(signed(issuedEvent(of(one), clock.now(), 'h', one.endsAt)), ...revoked(two))
  await seal(signed(revokeIntendedEvent(of(three), clock.now(), actor, 'over')))
  const expected = {
    open: [
      [one.grant, 'issued', false],
      [three.grant, 'intended', true],
    ],
    closed: [two.grant],
    broken: undefined,
  }
  expect(seen(await ledger.standing())).toEqual(expected)
  expect(seen(await (await replica()).ledger.standing())).toEqual(expected)
  await ledger.keep()
  const next = await replica()
  expect(seen(await next.ledger.standing())).toEqual(expected)
  expect(revokedIn(await next.ledger.standing())).toEqual([two])
  const lay = { repository: two.repository, path: two.path }
  for (const { ledger: any } of [next, { ledger }])
    expect([...(await any.standing()).over]).toEqual([[two.grant, lay]])
  await next.seal(...revoked(one))
  expect(seen(await next.ledger.standing())).toMatchObject({ closed: [two.grant, one.grant] })
  expect(seen(await ledger.standing())).toMatchObject({ closed: [two.grant, one.grant] })
})

test('since when a grant is to be taken away is the earliest that was sealed of it, also after a start', async () => {
  const { ledger, seal } = await replica()
  const [first, later] = [clock.now() + 1000, clock.now() + 2000]
  const away = (at: number) => signed(revokeIntendedEvent(of(one), at, actor, 'over'))
  await seal(intended(one), away(later), away(first), intended(two))
  const since = async (from: typeof ledger) =>
    [...(await from.standing()).open.values()].map(({ blockedAt }) => blockedAt)
  expect(await since(ledger)).toEqual([first, undefined])
  await ledger.keep()
  const next = await replica()
  expect(await since(next.ledger)).toEqual([first, undefined])
})

test('where an older release kept no moment, a grant is to be taken away since the start at the latest', async () => {
  const { ledger, seal } = await replica()
  await seal(intended(one), signed(revokeIntendedEvent(of(one), clock.now(), actor, 'over')))
  await ledger.standing()
  await ledger.keep()
  await keepWithout('blockedAt')
  clock.advance(60_000)
  const began = clock.now()
  const next = await replica()
  clock.advance(60_000)
  expect((await next.ledger.standing()).open.get(one.grant)).toMatchObject({ blockedAt: began })
})

test('what was found of no grant’s stands until it is on record as gone, also after a start', async () => {
  const { ledger, seal } = await replica()
  const told = (number: number, gone: boolean) => {
    const found = { grant: anIntent(number, clock.now()).grant, handle: `h${number}` }
    return strayEvent('orphan', found, { provider: 'mock', why: 'bob has it', gone }, clock.now())
  }
  await seal(signed(told(7, false)), signed(told(8, false)), forged(told(9, false)))
  await seal(signed(told(8, true)), forged(told(7, true)))
  const strays = async (of: typeof ledger) =>
    [...(await of.standing()).strays.values()].map(({ handle, finding, why }) => [handle, finding, why])
  const left = [['h7', 'orphan', 'bob has it']]
  expect(await strays(ledger)).toEqual(left)
  await ledger.keep()
  expect(await strays((await replica()).ledger)).toEqual(left)
  await keepWithout('strays')
  const next = await replica()
  expect(await strays(next.ledger)).toEqual(left)
  await next.seal(signed(told(7, true)))
  expect([await strays(next.ledger), await strays(ledger)]).toEqual([[], []])
})

test('where a grant has its place is what its first verified look says, also where somebody deletes that', async () => {
  const { ledger, seal } = await replica()
  const look = (place: string) => observedEvent(of(one), clock.now(), place)
  await seal(intended(one), forged(look('forged')), signed(look('first')), signed(look('second')))
  await seal(intended(two))
  const places = async (at: typeof ledger) =>
    [...(await at.standing()).open.values()].map(({ intent }) => intent.place)
  expect(await places(ledger)).toEqual(['first', undefined])
  expect(await places((await replica()).ledger)).toEqual(['first', undefined])
  await ledger.keep()
  await hand('delete from audit_events where seq = 3')
  expect(await places((await replica()).ledger)).toEqual(['first', undefined])
  // Then even the intent, which is kept with all that it says.
  await hand('delete from audit_events where seq = 1')
  expect(await places((await replica()).ledger)).toContain('first')
})

test('of whom credentials are stays known where somebody deletes their event, while it is open and once revoked', async () => {
  const { ledger, seal } = await replica()
  const alice: Actor = { kind: 'user', id: '1001', login: 'alice' }
  const credentials = (intent: Intent) =>
    signed(credentialsEvent(of(intent), clock.now(), alice, 's', intent.endsAt))
  await seal(intended(one), intended(two), intended(three), credentials(one), credentials(two))
  await seal(...revoked(two))
  const given = async (at: typeof ledger) => [...(await at.standing()).given].toSorted()
  const expected = [one.grant, two.grant].toSorted()
  expect(await given(ledger)).toEqual(expected)
  await ledger.keep()
  await hand('delete from audit_events where seq in (4, 5)')
  expect(await given((await replica()).ledger)).toEqual(expected)
  // What an older release kept does not say it: it may be any of them, also once this is kept in its turn.
  await keepWithout('given')
  const later = await replica()
  const perhaps = async (at: typeof ledger) => [...(await at.standing()).perhapsGiven].toSorted()
  const any = [one, two, three].map(({ grant }) => grant).toSorted()
  expect([await given(later.ledger), await perhaps(later.ledger)]).toEqual([[], any])
  await later.seal(credentials(three))
  await later.ledger.keep()
  const last = (await replica()).ledger
  expect([await given(last), await perhaps(last)]).toEqual([[three.grant], any])
  expect(later.alerts()).toEqual([])
})

test('an end that somebody deletes stays an end, also for a replica that starts afterwards', async () => {
  const { ledger, seal } = await replica()
  await seal(intended(one), ...revoked(one))
  await seal(intended(two))
  await ledger.standing()
  await ledger.keep()
  await hand('delete from audit_events where seq in (2, 3)')
  for (const at of [ledger, (await replica()).ledger]) {
    expect(seen(await at.standing())).toMatchObject({
      closed: [one.grant],
      open: [[two.grant, 'intended', false]],
    })
  }
})

test.each([
  ['the newest event deleted', 'delete from audit_events where seq = 3', 'event 3 is gone'],
  ['everything truncated', 'truncate audit_events', 'event 3 is gone'],
  [
    'the newest event put in place of another',
    "update audit_events set chain = sha256('x') where seq = 3",
    'event 3 is not the one that was sealed',
  ],
])('%s breaks the ledger, and putting it back mends it', async (_, statement, broken) => {
  const { ledger, seal, alerts } = await replica()
  await seal(intended(one), intended(two), intended(three))
  await ledger.standing()
  await ledger.keep()
  await hand('create table copy as select * from audit_events', statement)
  const later = await replica()
  expect(seen(await ledger.standing())).toMatchObject({ broken })
  // It can tell only what was kept, or that an intent it ought to hold is not there.
  expect(seen(await later.ledger.standing()).broken).toMatch(/is gone|is not the one/)
  const told = [...alerts(), ...later.alerts()].filter((one) => one !== 'ledger.foreign')
  expect(told).toEqual(['ledger.broken', 'ledger.broken'])
  await hand('truncate audit_events', 'insert into audit_events select * from copy')
  clock.advance(10_000)
  for (const at of [ledger, later.ledger]) expect(seen(await at.standing()).broken).toBeUndefined()
})

test('what a hand adds to the ledger opens nothing, ends nothing, and alerts', async () => {
  const { ledger, seal, alerts } = await replica()
  await seal(intended(one))
  await seal(
    forged(intendedEvent(two, actor, clock.now())),
    forged(endedEvent(of(one), clock.now(), { cause: 'expired', goneAt: 0, kept: [] })),
  )
  expect(seen(await ledger.standing())).toMatchObject({ open: [[one.grant, 'intended', true]] })
  expect(alerts()).toEqual(['ledger.unsigned', 'ledger.unsigned'])
  await hand(
    `insert into audit_events select 4, body, sha256('x'), chain, type, at, actor_kind, actor_id from audit_events where seq = 3`,
  )
  expect(seen(await ledger.standing()).broken).toBe('event 4 was altered after it was sealed')
})

describe('what was said of policies', () => {
  const said = (n: number, commit: string) =>
    signed(testEvent(n, { type: 'policy.accepted', repo: 7, commit: commit.repeat(40) }))
  const commits = ({ policies }: Standing) => policies.get(7)?.map(({ event }) => event.commit?.[0])
  const start = async () => {
    const { ledger, seal } = await replica()
    await seal(said(1, 'a'))
    await seal(said(2, 'b'))
    await seal(forged(said(3, 'c')))
    expect(commits(await ledger.standing())).toEqual(['a', 'b'])
    await ledger.keep()
    return ledger
  }

  test('is what verified events say, also where somebody files them elsewhere, and after a start', async () => {
    const ledger = await start()
    await hand("update audit_events set type = 'policy.refused', repo_id = 1")
    for (const at of [ledger, (await replica()).ledger]) {
      expect(commits(await at.standing())).toEqual(['a', 'b'])
      expect((await at.standing()).broken).toBeUndefined()
    }
  })

  test('stays said after its event is deleted, and a replica that never saw it knows of the loss', async () => {
    const ledger = await start()
    await hand('delete from audit_events where seq = 2')
    expect(commits(await ledger.standing())).toEqual(['a', 'b'])
    const later = async () => seen(await (await replica()).ledger.standing()).broken
    expect(await later()).toBe('event 2, about policies, is gone or was altered')
    await hand('delete from ledger_standing')
    expect(await later()).toBe('event 2 is gone')
  })

  test('is read anew where an older release kept what stood', async () => {
    await start()
    const text = JSON.stringify({ seq: 3, chain: '00', open: [], overrides: [], closed: [] })
    const mac = testKeys.mac('standing', { kept: text })
    await hand(`update ledger_standing set kept = '${text}', mac_key = '${mac.key}', mac = '${mac.value}'`)
    const { ledger, alerts } = await replica()
    expect(commits(await ledger.standing())).toEqual(['a', 'b'])
    expect(alerts()).toEqual(['ledger.unsigned'])
  })
})

test('what was kept without our MAC is not believed: the ledger is read again', async () => {
  const { ledger, seal } = await replica()
  await seal(intended(one), ...revoked(one))
  await ledger.standing()
  await ledger.keep()
  await hand(`update ledger_standing set kept = replace(kept, '"closed":[[', '"closed":[["x",9],[')`)
  const next = await replica()
  expect(seen(await next.ledger.standing())).toEqual({ open: [], closed: [one.grant], broken: undefined })
  expect(next.alerts()).toEqual(['ledger.standing_forged'])
})
