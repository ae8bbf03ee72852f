import { describe, expect, test } from 'vitest'
import { checkpointText } from '../../../app/audit/checkpoint.ts'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import type { ExportLine } from '../../../app/audit/export-line.ts'
import { signNote } from '../../../app/audit/note.ts'
import { createReport } from '../../../app/audit/report/collect.ts'
import { reportMarkdown } from '../../../app/audit/report/render-markdown.ts'
import { gitsudo } from '../../../app/grant/events.ts'
import { noteSigner } from '../../support/checkpoints.ts'
import { ledgerLines } from '../../support/ledger-lines.ts'
import { access, event, policyCommit, user } from './access.ts'

const hour = 3_600_000
const day = 24 * hour
const since = Date.UTC(2026, 11, 1)
const until = Date.UTC(2027, 0, 1)

const report = (events: readonly LedgerEvent[], period = { since, until }) => {
  const made = createReport(period, [])
  for (const line of ledgerLines('acme', events)) made.push(line)
  return made.end()
}
const kinds = (events: readonly LedgerEvent[]) =>
  report(events).anomalies.map(({ kind, who, detail }) => [kind, who, detail])

describe('who had access', () => {
  test('when, why, approved by whom, under which policy', () => {
    const one = access({ pull: 7, at: since + hour, approvedBy: ['bob', 'carol'] })
    const { grants, ledger, refused, debt } = report(one.expired())
    expect(grants).toEqual([
      {
        id: one.id,
        outcome: 'expired',
        repository: 123456,
        pull: 7,
        path: 'requests/2026/12/alice-7.yaml',
        who: 'alice',
        provider: 'aws',
        role: 'prod-admin',
        scope: '123456789012',
        reason: 'INC-4421',
        requestedAt: since + hour,
        approvedBy: ['bob', 'carol'],
        policyCommit,
        mergeCommit: 'e'.repeat(40),
        intendedAt: since + hour + 600_000,
        issuedAt: since + hour + 602_000,
        dueAt: one.endsAt,
        goneAt: one.endsAt + 3_000,
        closedAt: one.endsAt + 4_000,
        by: 'gitsudo',
        forced: false,
        seq: 6,
      },
    ])
    expect(refused).toEqual([])
    expect(debt).toEqual([])
    expect(ledger).toMatchObject({ events: 6, head: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(ledger.brokenAt).toBeUndefined()
  })

  test.each([
    ['over before the period', -2 * day, false],
    ['begun before it, over within', -hour, true],
    ['within it', day, true],
    ['begun within it, over after', 31 * day - hour, true],
    ['after it', 32 * day, false],
  ])('%s', (_, at, isIn) => {
    const { grants } = report(access({ pull: 7, at: since + at, minutes: 120 }).expired())
    expect(grants.length).toBe(isIn ? 1 : 0)
  })

  test('what comes after the period is not known in it', () => {
    const one = access({ pull: 7, at: until - hour, minutes: 180 })
    expect(report(one.expired()).grants).toMatchObject([{ outcome: 'active' }])
    expect(report(one.expired()).grants[0]?.goneAt).toBeUndefined()
    expect(report(one.expired()).debt).toEqual([])
  })

  test('revoked by whom and why', () => {
    const one = access({ pull: 7, at: since })
    expect(report(one.revoked('dave', since + hour)).grants).toMatchObject([
      { outcome: 'revoked', by: 'dave', why: 'no longer needed', goneAt: since + hour + 3_000 },
    ])
  })

  test('what a provider refused, nobody had', () => {
    const one = access({ pull: 7, at: since })
    const failed = [
      ...one.granted.slice(0, -1),
      one.event('grant.failed', since + hour, gitsudo, { why: 'no such role' }),
    ]
    expect(report(failed)).toMatchObject({
      grants: [],
      refused: [{ outcome: 'failed', why: 'no such role' }],
    })
  })
})

describe('what was refused', () => {
  test('by policy, by a forced merge; not what was approved in the end', () => {
    const approved = access({ pull: 9, at: since + hour })
    const { refused } = report([
      ...access({ pull: 7, at: since }).denied,
      ...access({ pull: 8, at: since }).forced('mallory'),
      ...approved.denied,
      ...approved.granted.slice(2),
    ])
    expect(refused).toMatchObject([
      { pull: 7, outcome: 'denied', why: 'no policy allows it', by: 'gitsudo' },
      { pull: 8, outcome: 'refused', why: 'not approved', by: 'mallory', forced: true },
    ])
  })
  test('as it was asked for last, not first', () => {
    const first = access({ pull: 7, at: since, role: 'readonly' })
    const last = access({ pull: 7, at: since + hour, role: 'prod-admin', reason: 'fire' })
    const asked = { requester: 'bob', provider: 'aws', role: 'prod-admin', scope: '2', reason: 'fire' }
    const edited = last.forced('mallory').slice(1)
    const changed = edited.map((one) => ({ ...one, data: { ...one.data, asked } }))
    const nothing = { requester: null, provider: null, role: null, scope: null, reason: null }
    const malformed = first.asked.slice(0, 1).map((one) => ({ ...one, data: { ...one.data, ...nothing } }))
    for (const begun of [first.asked, malformed])
      expect(report([...begun, ...changed]).refused).toMatchObject([
        { who: 'bob', provider: 'aws', role: 'prod-admin', scope: '2', reason: 'fire', outcome: 'refused' },
      ])
  })
  test('what was denied or closed before the period and forced in it is told whole', () => {
    const denied = access({ pull: 7, at: since - 2 * day })
    const cancelled = access({ pull: 8, at: since - 2 * day, who: 'carol' })
    const closed = cancelled.event('request.cancelled', since - day, gitsudo, { why: 'closed unmerged' })
    const forced = (of: ReturnType<typeof access>) =>
      of.event('grant.refused', since + day, user('mallory'), { why: 'not approved', verdict: 'denied' })
    const before = [...denied.denied, ...cancelled.asked, closed]
    expect(report([...before, forced(denied), forced(cancelled)]).refused).toMatchObject([
      { pull: 7, who: 'alice', role: 'prod-admin', reason: 'INC-4421', forced: true },
      { pull: 8, who: 'carol', role: 'prod-admin', reason: 'INC-4421', forced: true },
    ])
    expect(report(before).refused).toEqual([])
  })
  test('a period ago is not', () => {
    expect(report(access({ pull: 7, at: since - day }).denied).refused).toEqual([])
  })
})

test('revocation debt is what nothing says is gone at the end of the period', () => {
  const open = access({ pull: 7, at: until - 2 * hour, minutes: 30 })
  expect(report(open.granted).debt).toMatchObject([{ id: open.id, outcome: 'active' }])
  const late = access({ pull: 8, at: until - 2 * hour, minutes: 30 })
  expect(report(late.expired(2 * hour)).debt).toMatchObject([{ id: late.id }])
  expect(report(late.expired()).debt).toEqual([])
})

test('break-glass is shown with its review, and for as long as it has none', () => {
  const one = access({ pull: 7, at: since - day })
  const invoked = one.event('breakglass.invoked', since - day, user('alice'), { reason: 'fire' })
  const reviewed = one.event('breakglass.reviewed', since + day, user('bob'), {
    verdict: 'justified',
    overdue: true,
  })
  expect(report([invoked]).breakGlass).toMatchObject([{ who: 'alice', reason: 'fire', request: one.id }])
  expect(report([invoked, reviewed]).breakGlass).toMatchObject([
    { review: { by: 'bob', verdict: 'justified', overdue: true } },
  ])
  const earlier = { since: since + 2 * day, until }
  expect(report([invoked, reviewed], earlier).breakGlass).toEqual([])
})

test('a grant by break-glass says so, and under which policies', () => {
  const one = access({ pull: 7, at: since, approvedBy: [] })
  const [created, , , ...granted] = one.granted
  const decided = { reason: 'fire', policy_commit: policyCommit, approved_by: [] }
  const invoked = one.event('breakglass.invoked', since + hour, user('alice'), decided)
  const told = report([...(created ? [created] : []), invoked, ...granted])
  expect(told.grants).toMatchObject([{ policyCommit, approvedBy: [], brokeGlass: true }])
  const written = [...reportMarkdown(told)].join('')
  expect(written).toContain(String.raw`| break\-glass |`)
  expect(written).not.toContain('policy alone')
})

describe('worth a look', () => {
  test('an ordinary month has nothing', () => {
    const month = Array.from({ length: 12 }, (_, n) =>
      access({ pull: n, at: since + n * day, approvedBy: [n % 2 ? 'bob' : 'carol'] }).expired(),
    )
    expect(kinds(month.flat())).toEqual([])
  })

  test('a grant that outlived its end, gone or not', () => {
    const late = access({ pull: 7, at: since })
    expect(kinds(late.expired(600_000))).toEqual([
      ['outlived its end', 'alice', expect.stringContaining('gone 10 min past its end at 2026-12-01T01:10')],
    ])
    expect(kinds(late.granted)).toEqual([
      ['outlived its end', 'alice', expect.stringContaining('not confirmed gone')],
    ])
    expect(kinds(late.revoked('dave', since + hour))).toEqual([])
  })

  test('a forced merge, and a push without a pull request', () => {
    const pushed = event('grant.refused', since, gitsudo, { why: 'pushed' }, { request: 'req_X', pull: 0 })
    expect(kinds([...access({ pull: 8, at: since }).forced('mallory'), pushed])).toEqual([
      ['forced merge', undefined, 'pushed'],
      ['forced merge', 'mallory', 'not approved'],
    ])
  })

  const months = (count: number, approvers: (n: number) => readonly string[], who = 'alice', pull = 0) =>
    Array.from({ length: count }, (_, n) =>
      access({ pull: pull + n, at: since + n * day, who, approvedBy: approvers(n) }).expired(),
    ).flat()

  test('all grants of a person approved by one and the same', () => {
    const byPolicy = months(2, () => [], 'alice', 50)
    expect(kinds([...months(5, () => ['bob']), ...byPolicy])).toEqual([
      ['same approver', 'alice', 'all 5 grants of alice that people approved were approved by bob alone'],
    ])
    expect(kinds([...months(5, () => ['bob']), ...months(3, () => ['alice'], 'bob', 100)])).toEqual([
      [
        'same approver',
        'alice',
        "all 5 grants of alice that people approved were approved by bob alone; alice approved 3 of bob's",
      ],
    ])
    for (const other of [months(4, () => ['bob']), months(9, () => [])]) expect(kinds(other)).toEqual([])
  })

  test('where several must approve: the same several, in any order', () => {
    const two = (n: number) => (n % 2 ? ['bob', 'carol'] : ['carol', 'bob'])
    expect(kinds(months(6, two))).toEqual([
      [
        'same approver',
        'alice',
        'all 6 grants of alice that people approved were approved by bob and carol alone',
      ],
    ])
    expect(kinds([...months(6, two), ...months(1, () => ['alice', 'dave'], 'carol', 100)])).toEqual([
      [
        'same approver',
        'alice',
        "all 6 grants of alice that people approved were approved by bob and carol alone; alice approved 1 of carol's",
      ],
    ])
    expect(kinds(months(9, (n) => ['bob', `p${n % 3}`]))).toEqual([])
  })

  test('somebody else, or one more, once does not hide it; every fourth time it is no pair', () => {
    for (const once of [['carol'], ['bob', 'carol']])
      expect(kinds(months(6, (n) => (n === 0 ? once : ['bob'])))).toEqual([
        ['same approver', 'alice', '5 of 6 grants of alice that people approved were approved by bob alone'],
      ])
    expect(kinds(months(12, (n) => [n % 4 ? 'bob' : 'carol']))).toEqual([])
  })

  test('a request at an hour at which this person was never seen', () => {
    const asks = (hours: readonly number[]) =>
      hours.flatMap((at, n) => access({ pull: n, at: since - 30 * day + n * day + at * hour }).asked)
    const office = Array.from({ length: 31 }, (_, n) => 8 + (n % 9))
    expect(kinds(asks([...office, 3]))).toEqual([
      ['unusual hour', 'alice', 'asked at 03:00 UTC; none of 31 earlier requests within 2 h of it'],
    ])
    expect(kinds(asks([...office, 18]))).toEqual([])
    expect(kinds(asks([...office, 3, 4]))).toHaveLength(1)
    expect(kinds(asks(office.slice(0, 10)))).toEqual([])
    const night = Array.from({ length: 31 }, () => 23)
    expect(kinds(asks([...night, 1]))).toEqual([])
  })

  test('hands in the database, drift, quarantine, notifications that failed, restored backups', () => {
    const { event: about } = access({ pull: 7, at: since })
    const database = { kind: 'database', id: 'gitsudo_owner' } as const
    const change = {
      table: 'grants',
      operation: 'update',
      row: 'req_X',
      before: '{"state": "ended"}',
      after: null,
    }
    const operator = { kind: 'system', id: 'acknowledge-restore' } as const
    expect(
      kinds([
        event('database.changed', since, database, change),
        about('grant.drift', since + 1, gitsudo, { why: 'another role' }),
        about('grant.quarantined', since + 2, gitsudo, { why: 'no answer' }),
        event('notification.failed', since + 3, gitsudo, { channel: 'siem', why: 'refused' }),
        event('ledger.restored', since + 4, operator, { size: 30 }, { commit: 'ab'.repeat(20) }),
        event('database.changed', since - 1, database, change),
      ]),
    ).toEqual([
      ['database changed', 'gitsudo_owner', 'update of grants req_X: {"state": "ended"} → nothing'],
      ['drift', undefined, 'another role'],
      ['quarantined', undefined, 'no answer'],
      ['notification failed', undefined, 'siem: refused'],
      [
        'backup restored',
        'acknowledge-restore',
        'the ledger of 30 events under the anchor abababababab may be lost in part; gitsudo audit verify counts what it excuses',
      ],
    ])
  })
})

test('policies: what was accepted, refused and overridden, by whom', () => {
  const people = [{ id: 1, login: 'erin' }]
  const { policies } = report([
    event(
      'policy.accepted',
      since,
      user('dave'),
      { why: 'passed', approved_by: people },
      { commit: policyCommit },
    ),
    event('policy.refused', since + 1, gitsudo, { why: 'pushed' }, { commit: policyCommit }),
    event('policy.overridden', since + 2, user('dave'), {
      policy: 'tiers',
      phase: 'started',
      until: '2026-12-01T04:00:00.000Z',
      by: people,
    }),
    event('policy.loaded', since + 3, gitsudo, {}),
  ])
  expect(policies).toMatchObject([
    { what: 'accepted', by: 'dave', approvedBy: ['erin'], commit: policyCommit, detail: 'passed' },
    { what: 'refused', by: 'gitsudo', detail: 'pushed' },
    {
      what: 'override started',
      by: 'dave',
      approvedBy: ['erin'],
      detail: 'tiers until 2026-12-01T04:00:00.000Z',
    },
  ])
})

test('a broken chain ends what is told, and is told', () => {
  const events = [1, 2, 3].flatMap((pull) => access({ pull, at: since + pull * day }).expired())
  const lines = ledgerLines('acme', events)
  const altered = lines.map((line) =>
    line.kind === 'event' && line.seq === 8
      ? { ...line, body: Buffer.from(Buffer.from(line.body).toString().replace('alice', 'malice')) }
      : line,
  )
  for (const [given, brokenAt] of [
    [altered, 8],
    [lines.toSpliced(10, 1), 10],
  ] as const) {
    const made = createReport({ since, until }, [])
    for (const line of given) made.push(line)
    expect(made.end()).toMatchObject({ ledger: { brokenAt, events: brokenAt - 1 } })
  }
})

test('its newest checkpoint is one over what lies here, whatever else somebody put beside it', () => {
  const events = [1, 2, 3].flatMap((pull) => access({ pull, at: since + pull * day }).expired())
  const lines = ledgerLines('acme', events)
  const { privateKey, key } = noteSigner('acme')
  const note = (size: number, head: Uint8Array) =>
    signNote(checkpointText({ origin: 'acme', size, root: new Uint8Array(32), head }), [{ privateKey, key }])
  const [third] = lines.flatMap((line) => (line.kind === 'event' && line.seq === 3 ? [line] : []))
  const ours = note(3, Buffer.from(third?.chain ?? '', 'hex'))
  const checkpoint = (text: string): ExportLine => ({ kind: 'checkpoint', note: text })
  const told = (more: readonly ExportLine[]) => {
    const made = createReport({ since, until }, [])
    for (const line of lines) {
      made.push(line)
      if (line.kind === 'event' && line.seq === 3) made.push(checkpoint(ours))
    }
    for (const line of more) made.push(line)
    return made.end().ledger.checkpoint
  }
  expect(told([])).toBe(3)
  expect(told([checkpoint('junk')])).toBe(3)
  expect(told([checkpoint(note(999_999_999, new Uint8Array(32)))])).toBe(3)
})
