import { describe, expect, test } from 'vitest'
import { correctGrant, moveGrant } from '../../app/grant/moves.ts'
import { nextStep } from '../../app/grant/next-step.ts'
import { type GrantState, grantStates } from '../../app/grant/state.ts'
import type { GrantView, Seen, Step } from '../../app/grant/step.ts'
import { anIntent } from '../support/memory/intent.ts'

const now = 1_800_000_000_000
const minute = 60_000
const intent = anIntent(1, now - 10 * minute, { endsAt: now + 50 * minute })
const { endsAt: _, ...terms } = intent
const durationMs = 60 * minute

const ledger = { issued: false, blocked: false, forged: [] } as const
const intended = { ...ledger, intent }
const issued = { ...intended, issued: true }
const revoke = { ...issued, revoke: { why: 'done' }, blocked: true }
const expired = { ...issued, over: { state: 'ended', cause: 'expired', at: now }, blocked: true } as const
const person = { by: { kind: 'user', id: '1' }, why: 'done' } as const

const base: GrantView = {
  id: intent.grant,
  state: 'provisioning',
  startsAt: intent.startsAt,
  endsAt: intent.endsAt,
  tries: 0,
  ledger: intended,
  ahead: false,
  unanswered: [],
  grantWindowMs: 60 * minute,
  propagationMs: 2000,
  narrows: true,
}

const absent: Seen = { kind: 'absent' }
const present: Seen = { kind: 'present', handle: 'h', expiresAt: intent.endsAt }
const extended: Seen = { ...present, expiresAt: intent.endsAt + 6 * minute }
const altered: Seen = { ...present, differs: 'mallory has it too' }
const noted = 'the cloud holds it otherwise than was granted: mallory has it too'
const unknown: Seen = { kind: 'unknown', why: 'no answer' }
const trouble: Seen = { kind: 'trouble', why: 'busy', patience: Number.POSITIVE_INFINITY }
const forbidden: Seen = { kind: 'trouble', why: 'permission missing', patience: 4 }
const shared: Seen = { kind: 'shared', by: ['other'] }

type Row = readonly [what: string, view: Partial<GrantView>, step: Partial<Step>, at?: number]

/** Absent, and a first read on record that is none. */
const stale = (view: Partial<GrantView>): readonly Row[] => [
  [
    'absent, and long before the write unanswered',
    { ...view, seen: absent, unanswered: [1, now - 1], absentSince: now - minute },
    { kind: 'note_absence', again: now + 27_001 },
  ],
  [
    'absent, and in the future',
    { ...view, seen: absent, unanswered: [1], absentSince: now + 1 },
    { kind: 'note_absence' },
  ],
  [
    'absent before, no write unanswered',
    { ...view, seen: absent, absentSince: 0 },
    { kind: 'end', goneAt: now },
  ],
]

const over = intent.endsAt
const provisioning: readonly Row[] = [
  ['intent not sealed yet', { ledger }, { kind: 'retry' }],
  ['intent never sealed', { ledger }, { kind: 'fail' }, over],
  [
    'intent whose signature fails',
    { ledger: { ...ledger, forged: ['grant.intended'] } },
    { kind: 'quarantine' },
  ],
  ['nothing seen', {}, { kind: 'ensure' }],
  ['nothing seen, under a second left', {}, { kind: 'rest', until: over }, over - 999],
  ['its end came', {}, { kind: 'expire' }, over],
  ['revocation asked', { revokeAsk: person }, { kind: 'intend_revoke', why: 'done' }],
  ['present', { seen: present }, { kind: 'activate', handle: 'h' }],
  ['present, its end came', { seen: present }, { kind: 'expire' }, over],
  ['absent', { seen: absent }, { kind: 'retry' }],
  ['unknown', { seen: unknown }, { kind: 'retry' }],
  ['removing', { seen: { kind: 'removing' } }, { kind: 'retry' }],
  ['shared', { seen: shared }, { kind: 'retry' }],
  ['trouble', { seen: trouble }, { kind: 'retry', note: 'busy' }],
  ['trouble near its end', { seen: trouble, tries: 9 }, { kind: 'retry', at: over }, over - 1000],
  ['refused for good', { refusal: 'no such role' }, { kind: 'clear' }],
  ['refused, only looked at', { refusal: 'no such role', seen: absent }, { kind: 'clear' }],
  [
    'refused, nothing left',
    { refusal: 'no such role', cleared: true, seen: absent },
    { kind: 'fail', why: 'no such role' },
  ],
  [
    'refused, nothing left, a write unanswered',
    { refusal: 'x', cleared: true, seen: absent, unanswered: [now] },
    { kind: 'note_absence' },
  ],
  [
    'refused, absent before, a later write unanswered',
    { refusal: 'x', cleared: true, seen: absent, unanswered: [now - 1], absentSince: now - minute },
    { kind: 'note_absence' },
  ],
  [
    'refused, nothing left again, by an attempt that says it is yet to come',
    {
      ...{ refusal: 'x', cleared: true, seen: absent, absentSince: now - 27_001 },
      ...{ unanswered: [now + 10 * minute], unansweredBy: [now - minute] },
    },
    { kind: 'fail', why: 'x' },
  ],
  [
    'refused, nothing left again',
    { refusal: 'x', cleared: true, seen: absent, unanswered: [1], absentSince: now - 27_001 },
    { kind: 'fail', why: 'x' },
  ],
  ['refused, shared', { refusal: 'x', cleared: true, seen: shared }, { kind: 'fail', why: 'x' }],
  [
    'refused, shared, a write unanswered',
    { refusal: 'x', cleared: true, seen: shared, unanswered: [now] },
    { kind: 'rest' },
  ],
  ['refused, present', { refusal: 'x', cleared: true, seen: present }, { kind: 'intend_revoke' }],
  [
    'refused, being removed',
    { refusal: 'x', cleared: true, seen: { kind: 'removing' } },
    { kind: 'intend_revoke' },
  ],
  ['refused, unknown', { refusal: 'x', cleared: true, seen: unknown }, { kind: 'retry' }],
  ['refused, trouble', { refusal: 'x', cleared: true, seen: trouble }, { kind: 'retry' }],
  ['revoke intent sealed', { ledger: { ...intended, blocked: true } }, { kind: 'correct' }],
  ['issued before', { ledger: issued }, { kind: 'correct' }],
  ['end sealed', { ledger: expired }, { kind: 'correct' }],
]
const active: readonly Row[] = [
  ['nothing seen', {}, { kind: 'inspect' }],
  ['its end came', {}, { kind: 'expire' }, over],
  ['its end came, present', { seen: present }, { kind: 'expire' }, over],
  ['revocation asked', { revokeAsk: person }, { kind: 'intend_revoke', by: person.by }],
  ['revocation asked, absent', { revokeAsk: person, seen: absent }, { kind: 'intend_revoke' }],
  ['present', { seen: present }, { kind: 'rest', until: now + 5 * minute }],
  ['present, its end near', { seen: present }, { kind: 'rest', until: over }, over - minute],
  ['longer by what clocks differ', { seen: { ...present, expiresAt: over + 5 * minute } }, { kind: 'rest' }],
  ['extended', { seen: extended }, { kind: 'drift', why: expect.stringMatching(/for longer .* until 2027/) }],
  ['altered', { seen: altered }, { kind: 'drift', why: noted }],
  ['altered, on record', { seen: altered, note: noted }, { kind: 'cut_back', why: noted }],
  ['altered, something else on record', { seen: altered, note: 'busy' }, { kind: 'drift' }],
  [
    'altered, tried in vain before',
    { seen: altered, note: `${noted}; not cut back: busy`, tries: 3 },
    { kind: 'cut_back' },
  ],
  ['altered, and not to be cut back', { seen: altered, note: noted, narrows: false }, { kind: 'rest' }],
  [
    'cut back, and still read altered',
    { seen: altered, note: noted, cut: noted },
    { kind: 'retry', note: `${noted}; cut back, and not to be read so yet` },
  ],
  [
    'cut back in vain',
    { seen: trouble, note: noted, cut: noted },
    { kind: 'retry', note: `${noted}; not cut back: busy` },
  ],
  ['cut back', { seen: present, note: noted, cut: noted }, { kind: 'rest', well: true }],
  ['cut back to nothing', { seen: absent, note: noted, cut: noted }, { kind: 'clear' }],
  ['no longer than a sharer', { seen: extended, sharedUntil: over + 6 * minute }, { kind: 'rest' }],
  ['altered, its end came', { seen: altered }, { kind: 'expire' }, over],
  ['altered, revocation asked', { seen: altered, revokeAsk: person }, { kind: 'intend_revoke' }],
  ['absent', { seen: absent }, { kind: 'clear' }],
  [
    'absent, cleared',
    { seen: absent, cleared: true },
    { kind: 'end', cause: 'revoked externally', goneAt: now, kept: [] },
  ],
  [
    'absent in its last five minutes',
    { seen: absent, cleared: true },
    { kind: 'end', cause: 'expired' },
    over - 5 * minute,
  ],
  [
    'absent, and made anew for whoever shares it',
    { seen: shared, cleared: true },
    { kind: 'end', kept: ['other'] },
  ],
  ['absent, and there when it was cleared', { seen: { kind: 'removing' }, cleared: true }, { kind: 'retry' }],
  ['absent, not to be cleared', { seen: trouble, cleared: true }, { kind: 'retry' }],
  ['absent, made long enough ago', { seen: absent, activeAt: now - 2000 }, { kind: 'clear' }],
  ['absent, just made', { seen: absent, activeAt: now - 1999 }, { kind: 'rest', until: now + 1 }],
  [
    'absent, a write unanswered',
    { seen: absent, cleared: true, unanswered: [now] },
    { kind: 'note_absence', again: now + 27_001 },
  ],
  [
    'absent again too soon',
    { seen: absent, cleared: true, unanswered: [1], absentSince: now - 27_000 },
    { kind: 'rest', until: now + 1 },
  ],
  [
    'absent again',
    { seen: absent, cleared: true, unanswered: [1], absentSince: now - 27_001 },
    { kind: 'end', goneAt: now - 27_001 },
  ],
  ...stale({ cleared: true }),
  ['unknown', { seen: unknown }, { kind: 'retry', note: 'no answer' }],
  ['trouble', { seen: trouble }, { kind: 'retry', note: 'busy' }],
  ['throttled', { seen: { ...trouble, notBefore: now + 90_000 } }, { kind: 'retry', at: now + 90_000 }],
  ['removing', { seen: { kind: 'removing' } }, { kind: 'retry', note: 'cannot tell: removing' }],
  ['shared', { seen: shared }, { kind: 'retry', note: 'cannot tell: shared' }],
  ['no verified intent', { ledger }, { kind: 'quarantine' }],
  ['revoke intent sealed', { ledger: revoke }, { kind: 'correct' }],
  ['end sealed', { ledger: expired }, { kind: 'correct' }],
  ['an unsigned end', { ledger: { ...issued, blocked: true } }, { kind: 'correct' }],
]
const removing: readonly Row[] = [
  ['before its end, nothing sealed', { ledger: issued }, { kind: 'intend_revoke' }],
  ['before its end, asked', { ledger: issued, revokeAsk: person }, { kind: 'intend_revoke', why: 'done' }],
  ['before its end, an unsigned end', { ledger: { ...issued, blocked: true } }, { kind: 'intend_revoke' }],
  ['revoke intent sealed', { ledger: revoke }, { kind: 'remove' }],
  ['its end came', { ledger: issued }, { kind: 'remove' }, over],
  ['absent, revoked', { ledger: revoke, seen: absent }, { kind: 'end', cause: 'revoked', kept: [] }],
  [
    'absent, expired',
    { ledger: issued, seen: absent },
    { kind: 'end', cause: 'expired', goneAt: over },
    over,
  ],
  [
    'absent, a write unanswered',
    { ledger: revoke, seen: absent, unanswered: [now] },
    { kind: 'note_absence' },
  ],
  [
    'absent again',
    { ledger: revoke, seen: absent, unanswered: [1], absentSince: now - 30_000 },
    { kind: 'end', goneAt: now - 30_000 },
  ],
  [
    'absent again too soon, the first noted by a clock behind',
    { ledger: revoke, seen: absent, unanswered: [1], absentSince: now - minute, absentBy: now - 1 },
    { kind: 'rest', until: now + 27_000 },
  ],
  [
    'absent again, the first noted by a clock behind',
    { ledger: revoke, seen: absent, unanswered: [1], absentSince: now - 90_000, absentBy: now - 27_001 },
    { kind: 'end', goneAt: now - 90_000 },
  ],
  ...stale({ ledger: revoke }),
  ['present', { ledger: revoke, seen: present }, { kind: 'retry' }],
  ['removing', { ledger: revoke, seen: { kind: 'removing' } }, { kind: 'retry', note: 'removing' }],
  ['unknown', { ledger: revoke, seen: unknown }, { kind: 'retry', note: 'no answer' }],
  ['trouble', { ledger: revoke, seen: trouble, tries: 99 }, { kind: 'retry' }],
  [
    'throttled',
    { ledger: revoke, seen: { ...trouble, notBefore: now + 90_000 } },
    { kind: 'retry', at: now + 90_000 },
  ],
  ['shared', { ledger: revoke, seen: shared }, { kind: 'end', kept: ['other'] }],
  [
    'shared, a write unanswered',
    { ledger: revoke, seen: shared, unanswered: [now] },
    { kind: 'rest', until: now + 27_001 },
  ],
  [
    'shared, a write unanswered by a clock behind',
    { ledger: revoke, seen: shared, unanswered: [now - minute], unansweredBy: [now - 1] },
    { kind: 'rest', until: now + 27_000 },
  ],
  [
    'shared, an old write unanswered',
    { ledger: revoke, seen: shared, unanswered: [now - 27_001] },
    { kind: 'end' },
  ],
]
const scheduledLedger = { ...ledger, schedule: { ...terms, startsAt: now + minute, durationMs } }
const late = { ...ledger, schedule: { ...terms, startsAt: now - 61 * minute, durationMs } }
const scheduled: readonly Row[] = [
  ['not sealed yet', { ledger }, { kind: 'retry' }],
  ['never sealed', { ledger }, { kind: 'refuse' }, now + 61 * minute],
  ['a signature that fails', { ledger: { ...ledger, forged: ['grant.scheduled'] } }, { kind: 'refuse' }],
  [
    'sealed, and another whose signature fails',
    { ledger: { ...scheduledLedger, forged: ['grant.scheduled'] } },
    { kind: 'rest' },
  ],
  ['before its start', { ledger: scheduledLedger }, { kind: 'rest', until: now + minute }],
  [
    'a row that starts sooner',
    { ledger: scheduledLedger, startsAt: now - minute },
    { kind: 'rest', until: now + minute },
  ],
  ['at its start', { ledger: scheduledLedger }, { kind: 'start' }, now + minute],
  [
    'at the end of the window for its start',
    { ledger: scheduledLedger },
    { kind: 'start' },
    now + 61 * minute,
  ],
  ['its start missed by a moment', { ledger: scheduledLedger }, { kind: 'refuse' }, now + 61 * minute + 1],
  ['its start missed', { ledger: late }, { kind: 'refuse' }],
  [
    'revocation asked',
    { ledger: scheduledLedger, revokeAsk: person },
    { kind: 'end', asked: person, cause: 'revoked', goneAt: now, kept: [] },
  ],
  ['its intent sealed', { ledger: { ...scheduledLedger, intent } }, { kind: 'correct' }],
  [
    'refused',
    { ledger: { ...scheduledLedger, over: { state: 'refused', at: now }, blocked: true } },
    { kind: 'correct' },
  ],
]
const done: readonly Row[] = [
  ['its end sealed', { ledger: expired }, { kind: 'rest' }],
  ['its end not sealed yet', { ledger: revoke, ahead: true }, { kind: 'retry' }],
  ['its end neither sealed nor on its way', { ledger: revoke }, { kind: 'correct' }],
  ['never intended', { ledger }, { kind: 'rest' }],
  ['a write unanswered', { ledger: expired, unanswered: [now] }, { kind: 'remove' }],
  [
    'a write unanswered, absent',
    { ledger: expired, unanswered: [now], seen: absent },
    { kind: 'close_attempts' },
  ],
  [
    'a write unanswered, shared',
    { ledger: expired, unanswered: [now], seen: shared },
    { kind: 'close_attempts' },
  ],
  [
    'a write unanswered, trouble',
    { ledger: expired, unanswered: [now], seen: { ...trouble, notBefore: now + 90_000 } },
    { kind: 'retry', at: now + 90_000, note: 'busy' },
  ],
  [
    'a write unanswered, removing',
    { ledger: expired, unanswered: [now], seen: { kind: 'removing' } },
    { kind: 'retry', note: 'removing' },
  ],
]

const tables = {
  scheduled,
  provisioning,
  active: active.map(([what, view, step, at = now]): Row => [what, { ledger: issued, ...view }, step, at]),
  revoking: [
    ...removing,
    ['may not, once', { ledger: revoke, seen: forbidden, tries: 3 }, { kind: 'retry' }],
    ['may not, for good', { ledger: revoke, seen: forbidden, tries: 4 }, { kind: 'quarantine' }],
    ['no verified intent', { ledger }, { kind: 'quarantine' }],
    [
      'no intent, its end sealed',
      { ledger: { ...ledger, over: { state: 'ended', cause: 'revoked', at: now }, blocked: true } },
      { kind: 'end' },
    ],
  ] as readonly Row[],
  quarantined: [
    ...removing,
    ['may not, for good', { ledger: revoke, seen: forbidden, tries: 4 }, { kind: 'retry' }],
    ['no verified intent', { ledger }, { kind: 'retry', at: now + 5 * minute }],
  ] as readonly Row[],
  ended: done,
  failed: done,
  refused: done,
} satisfies Record<(typeof grantStates)[number], readonly Row[]>

describe.each(grantStates)('%s', (state) => {
  test.each(tables[state].map((row) => [...row] as const))('%s', (_what, view, step, at = now) => {
    expect(nextStep({ ...base, ...view, state }, at)).toMatchObject(step)
  })
})

test('never ensures, and never looks kindly, once a revoke intent, an end or a refusal is sealed', () => {
  const seens: readonly (Seen | undefined)[] = [
    undefined,
    absent,
    present,
    unknown,
    trouble,
    forbidden,
    shared,
    altered,
  ]
  for (const state of grantStates) {
    for (const view of [revoke, expired, { ...intended, blocked: true }]) {
      for (const seen of seens) {
        const step = nextStep({ ...base, state, ledger: view, ...(seen === undefined ? {} : { seen }) }, now)
        expect(['ensure', 'activate', 'start']).not.toContain(step.kind)
      }
    }
  }
})

/** The move or correction of the tables that a step is. */
const take = (state: GrantState, { kind }: Step): GrantState => {
  switch (kind) {
    case 'correct':
      return correctGrant(state, 'revoking')
    case 'expire':
      return moveGrant(state, 'revoking')
    case 'intend_revoke':
      return state === 'revoking' || state === 'quarantined' ? state : moveGrant(state, 'revoking')
    case 'start':
      return moveGrant(state, 'provisioning')
    case 'activate':
      return moveGrant(state, 'active')
    case 'refuse':
      return moveGrant(state, 'refused')
    case 'fail':
      return moveGrant(state, 'failed')
    case 'end':
      return moveGrant(state, 'ended')
    case 'quarantine':
      return moveGrant(state === 'active' ? 'revoking' : state, 'quarantined')
    default:
      return state
  }
}

test('is total: every state, ledger and observation, before and after the end, has a step that the tables allow', () => {
  for (const state of grantStates) {
    for (const view of [ledger, scheduledLedger, intended, issued, revoke, expired]) {
      for (const seen of [
        undefined,
        absent,
        present,
        unknown,
        trouble,
        forbidden,
        shared,
        extended,
        altered,
      ]) {
        for (const at of [now, over, over + 365 * 86_400_000]) {
          const step = nextStep({ ...base, state, ledger: view, ...(seen === undefined ? {} : { seen }) }, at)
          expect(() => take(state, step)).not.toThrow()
          if (step.kind === 'start') expect(step.again).toBeGreaterThan(at)
          if (step.kind === 'retry') expect(step.at).toBeGreaterThan(at)
          if (step.kind === 'rest' && step.until !== undefined) expect(step.until).toBeGreaterThan(at)
        }
      }
    }
  }
})

test('what is not sealed after ten tries alerts, once', () => {
  const waits = (tries: number) => nextStep({ ...base, ledger, tries }, now)
  expect([9, 10, 11].map((tries) => 'alert' in waits(tries))).toEqual([false, true, false])
  expect(waits(10)).toMatchObject({ kind: 'retry', alert: true })
})

test('what there is nothing to say of is not said', () => {
  expect(nextStep({ ...base, seen: present }, now)).toStrictEqual({ kind: 'activate', handle: 'h' })
  const without = ['bob']
  expect(nextStep({ ...base, seen: { ...present, without } }, now)).toStrictEqual({
    kind: 'activate',
    handle: 'h',
    without,
  })
  expect(nextStep({ ...base, state: 'active', ledger: issued, seen: present }, now)).toStrictEqual({
    kind: 'rest',
    until: now + 5 * minute,
  })
})
