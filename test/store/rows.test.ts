import { describe, expect, test } from 'vitest'
import type { GrantRow, RequestRow, Store } from '../../app/reconcile/ports/store.ts'
import { readRequest } from '../../app/request/read.ts'
import type { AccessRequest } from '../../app/request/request.ts'
import { bytesOf, goodFile, goodPath } from '../request/request-file.ts'
import { bare, decision, full, grant, inTransaction, now, owner, stageStore, store } from './stage.ts'

stageStore()

/** As a request's file is read. */
const readFile = (text: string): AccessRequest => {
  const reading = readRequest(bytesOf(text), goodPath)
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults))
  return reading.request
}
const readStart = (text: string): number =>
  readFile(goodFile.replace('2026-12-01T08:00:00Z', text)).startsAt ?? Number.NaN
const readWhole = (text: string): RequestRow => {
  const { requester, role, scope, reason, durationSeconds, metadata } = readFile(text)
  return { ...full, requester: { login: requester }, role, scope, reason, durationSeconds, metadata }
}
const name = (at: number) => `a${at}`.padEnd(63, '/')
const longest = JSON.stringify({
  apiVersion: 'gitsudo.dev/v1',
  kind: 'AccessRequest',
  spec: {
    requester: 'a'.repeat(39),
    provider: 'aws',
    role: 'r'.repeat(128),
    scope: '𐀀'.repeat(512),
    duration: '2592000s',
    reason: '𐀀'.repeat(1000),
    metadata: Object.fromEntries(Array.from({ length: 32 }, (_, at) => [name(at), '\\"é'.repeat(200)])),
  },
})

describe('rows', () => {
  test.each([
    ['with everything', full],
    ['with the least', bare],
    ['with the first start that is read', { ...full, startsAt: readStart('2000-01-01T00:00:00Z') }],
    ['with the last start that is read', { ...full, startsAt: readStart('9999-12-30T00:00:00Z') }],
    ['with the longest texts', readWhole(longest)],
    ['named but unknown', { ...bare, requester: { login: 'ghost' } }],
  ])('a request comes back as it was saved: %s', async (_, row) => {
    expect(await inTransaction((tx) => store.saveRequest(tx, row))).toBe(true)
    expect(await store.request(row.id)).toStrictEqual({ ...row, version: 1 })
    expect(await store.requestsOfPull(row.repository, 7)).toHaveLength(1)
    expect(await store.requestsOfPath(row.repository, row.path)).toHaveLength(1)
  })

  test('a save under an old version changes nothing', async () => {
    await inTransaction((tx) => store.saveRequest(tx, bare))
    expect(await inTransaction((tx) => store.saveRequest(tx, bare))).toBe(false)
    expect(
      await inTransaction((tx) => store.saveRequest(tx, { ...bare, state: 'approved', version: 1 })),
    ).toBe(true)
    expect(await inTransaction((tx) => store.saveRequest(tx, { ...bare, state: 'denied', version: 1 }))).toBe(
      false,
    )
    expect(await store.request(bare.id)).toMatchObject({ state: 'approved', version: 2 })
  })

  test('of two saves of one version at once, one wins', async () => {
    await inTransaction((tx) => store.saveGrant(tx, grant))
    const saves = await Promise.all(
      Array.from({ length: 8 }, (_, tries) =>
        inTransaction((tx) => store.saveGrant(tx, { ...grant, tries, version: 1 })),
      ),
    )
    expect(saves.filter(Boolean)).toHaveLength(1)
    expect(await store.grant(grant.id)).toMatchObject({ version: 2 })
  })

  test('a grant comes back as it was saved, to the millisecond', async () => {
    const row: GrantRow = {
      ...grant,
      ...{
        cause: 'revoked externally',
        note: 'n',
        absentSince: now + 11,
        activeAt: now + 12,
        endedAt: now + 13,
      },
      lookAt: now + 14,
    }
    await inTransaction((tx) => store.saveGrant(tx, row))
    expect(await store.grant(grant.id)).toStrictEqual({ ...row, version: 1 })
    await inTransaction((tx) => store.saveGrant(tx, { ...row, state: 'ended', version: 1 }))
  })

  test('an answer closes one attempt; the one that a crash left open stays open', async () => {
    const attempt = { grant: grant.id, fence: 1, action: 'ensure' as const }
    await store.openAttempt({ ...attempt, openedAt: now })
    await store.openAttempt({ ...attempt, openedAt: now + 5 })
    await store.closeAttempt(grant.id, 1, now + 6)
    await store.closeAttempt(grant.id, 2, now + 7)
    expect(await store.attempts(grant.id)).toEqual([
      { ...attempt, openedAt: now, closedAt: now + 6 },
      { ...attempt, openedAt: now + 5 },
    ])
  })

  test('the first to ask for a revoke stays on record', async () => {
    const ask = {
      grant: grant.id,
      by: { kind: 'user' as const, id: '7', login: 'bob' },
      why: 'left',
      askedAt: now,
    }
    await inTransaction((tx) => store.askRevoke(tx, ask))
    await inTransaction((tx) => store.askRevoke(tx, { ...ask, by: { kind: 'system', id: 'branch' } }))
    expect(await store.revokeAsked(grant.id)).toEqual(ask)
    await owner("update revoke_asks set by_id = '66'")
    expect(await store.revokeAsked(grant.id)).toBe('forged')
    await inTransaction((tx) => store.askRevoke(tx, ask))
    expect(await store.revokeAsked(grant.id)).toEqual(ask)
    expect(await store.revokeAsked('req_other')).toBeUndefined()
  })

  test('branches, pulls and projections are overwritten', async () => {
    await inTransaction((tx) => store.saveBranch(tx, { repository: 1, cursor: 'c1' }))
    await inTransaction((tx) => store.saveBranch(tx, { repository: 1, cursor: 'c2' }))
    expect(await store.branch(1)).toEqual({ repository: 1, cursor: 'c2' })
    const pull = { repository: 1, pull: 7, headSha: 'a', open: true, draft: false, decision, lookAt: now }
    await inTransaction((tx) => store.savePull(tx, pull))
    const { lookAt: _, ...settled } = { ...pull, open: false }
    await inTransaction((tx) => store.savePull(tx, settled))
    expect(await store.pull(1, 7)).toStrictEqual(settled)
    const shown = {
      repository: 1,
      pull: 7,
      asked: ['carol', 'org/sre'],
      checkId: 4,
      mergeTries: 2,
      lookAt: now,
    }
    await store.saveProjection({ ...shown, mergeTries: 1 })
    await store.saveProjection(shown)
    expect(await store.projection(1, 7)).toStrictEqual(shown)
  })

  test('status takes the state of the grant once there is one, in any case', async () => {
    await inTransaction(async (tx) => {
      await store.saveRequest(tx, { ...full, state: 'granted' })
      await store.saveRequest(tx, { ...bare, id: 'req_00000000000000000000000000', openedAt: now + 1 })
      await store.saveGrant(tx, grant)
    })
    const ids = async (filter: Parameters<Store['status']>[0]) =>
      (await store.status(filter)).map(({ request, grant }) => [request.id, grant?.state])
    const granted = [full.id, 'provisioning']
    const waiting = ['req_00000000000000000000000000', undefined]
    expect(await ids({})).toEqual([waiting, granted])
    expect(await ids({ state: 'Provisioning' })).toEqual([granted])
    expect(await ids({ state: 'granted' })).toEqual([])
    expect(await ids({ state: 'PENDING' })).toEqual([waiting])
    expect(await ids({ requesterLogin: 'aLICE' })).toEqual([granted])
    expect(await ids({ requesterId: 1001, provider: 'mock', id: full.id })).toEqual([granted])
    expect(await store.waitingPulls()).toEqual([{ repository: bare.repository, pull: 7 }])
    expect(await store.requestsOfPerson(1001, ['granted'])).toHaveLength(1)
  })
})
