import { expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import { blob, bob, full, hour, merged, minute, now, open, patched, request, review } from './fixture.ts'
import { decides } from './table.ts'

const at = { at: now - minute, commit: 'd'.repeat(40), onBranch: true }
const late = { ...at, at: now - hour - 1 }
const second = {
  ...request,
  id: 'req_B',
  path: 'requests/2026/12/second.yaml',
  mergedBlob: blob,
  branchBlob: blob,
} as const
const changes = [...merged.changes, { path: second.path, kind: 'added', mode: '100644' } as const]
const first = { ...request, mergedBlob: blob, branchBlob: blob }
const approved = [review(bob, 'approved', { blobs: { [first.path]: blob, [second.path]: blob } })]
const { pull } = merged
const { merged: _, ...unmerged } = pull

decides('the merge', merged, [
  { name: 'a place that is full', patch: { request: { limits: [full] } }, verdict: 'denied', rule: 'cloud' },
  {
    name: '3.1 not on the branch',
    patch: { pull: { merged: { ...at, onBranch: false } } },
    verdict: 'denied',
    rule: '3.1',
  },
  {
    name: '3.1 other bytes in the merge',
    patch: { request: { mergedBlob: 'other' } },
    verdict: 'denied',
    rule: '3.1',
  },
  { name: '3.1 not in the merge', patch: { request: { mergedBlob: null } }, verdict: 'denied', rule: '3.1' },
  { name: '3.1 nobody looked', patch: { without: ['mergedBlob'] }, verdict: 'not_yet', rule: '3.1' },
  {
    name: '3.1 GitHub does not say merged',
    patch: { facts: { pull: unmerged } },
    verdict: 'not_yet',
    rule: '3.1',
  },
  {
    name: '3.3 all pass',
    patch: { facts: { changes, requests: [first, second], reviews: approved } },
    verdict: 'passed',
  },
  {
    name: '3.3 one does not',
    patch: { facts: { changes, requests: [first, second] } },
    verdict: 'denied',
    rule: '3.3',
  },
  {
    name: '6.27 revoked before its merge was decided on',
    patch: { request: { revoked: { by: 'alice', why: 'comment' } } },
    verdict: 'denied',
    rule: '6.27',
  },
  { name: '3.4 used up', patch: { request: { usedUp: true } }, verdict: 'denied', rule: '3.4' },
  {
    name: '3.4 changed on the branch since',
    patch: { request: { branchBlob: 'other' } },
    verdict: 'denied',
    rule: '3.4',
  },
  {
    name: '3.4 deleted from the branch since',
    patch: { request: { branchBlob: null } },
    verdict: 'denied',
    rule: '3.4',
  },
  {
    name: '3.4 nobody looked at the branch',
    patch: { without: ['branchBlob'] },
    verdict: 'not_yet',
    rule: '3.4',
  },
  {
    name: '3.6 just in time',
    patch: {
      pull: { merged: { ...at, at: now - hour } },
      facts: { reviews: [review(bob, 'approved', { submittedAt: now - 2 * hour })] },
    },
    verdict: 'passed',
  },
  {
    name: '3.6 too late',
    patch: {
      pull: { merged: late },
      facts: { reviews: [review(bob, 'approved', { submittedAt: now - 2 * hour })] },
    },
    verdict: 'denied',
    rule: '3.6',
    summary: /grantWindow is 1h/,
  },
  {
    name: '3.7 too far ahead',
    patch: { access: { startsAt: now + 15 * 24 * hour } },
    verdict: 'denied',
    rule: '3.7',
  },
  { name: '3.12 trouble', patch: { facts: { troubles: ['no answer'] } }, verdict: 'not_yet', rule: '3.12' },
  {
    name: '3.12 trouble beside a certain refusal',
    patch: { request: { usedUp: true }, facts: { troubles: ['no answer'] } },
    verdict: 'not_yet',
    rule: '3.12',
  },
  {
    name: '3.12 trouble until grantWindow ends',
    patch: { pull: { merged: late }, facts: { troubles: ['no answer'] } },
    verdict: 'denied',
    rule: '3.6',
  },
  {
    name: '6.23 a draft whose head was pushed to the branch',
    patch: { pull: { draft: true } },
    verdict: 'denied',
    rule: '6.23',
  },
  { name: 'a base that was changed', patch: { pull: { base: 'x' } }, verdict: 'denied', rule: '1.2' },
])

decides('a pull request merged while it was looked at', open, [
  { name: 'is no longer a forecast', patch: { pull: { merged: at } }, verdict: 'not_yet', rule: '3.2' },
])

const started = patched(merged, {
  facts: { moment: 'start', changes },
  pull: { merged: { ...at, at: now - 24 * hour } },
  access: { startsAt: now - minute },
})
const early = { reviews: [review(bob, 'approved', { submittedAt: now - 25 * hour })] }

decides('the start of a scheduled grant', started, [
  { name: 'in time, looked at alone', patch: { facts: early }, verdict: 'passed' },
  {
    name: '3.7 missed',
    patch: { facts: early, access: { startsAt: now - hour - 1 } },
    verdict: 'denied',
    rule: '3.7',
  },
  {
    name: '3.7 missed, in trouble',
    patch: { facts: { ...early, troubles: ['x'] }, access: { startsAt: now - hour - 1 } },
    verdict: 'denied',
    rule: '3.7',
  },
  {
    name: '3.7 not come yet',
    patch: { facts: early, access: { startsAt: now + 1000 } },
    verdict: 'not_yet',
    rule: '3.7',
  },
  {
    name: '3.4 gone from the branch',
    patch: { facts: early, request: { branchBlob: null } },
    verdict: 'denied',
    rule: '3.4',
  },
  {
    name: 'a place that has filled up since the merge',
    patch: { facts: early, request: { limits: [full] } },
    verdict: 'denied',
    rule: 'cloud',
  },
  {
    name: 'no longer approved by a member',
    patch: { facts: early, policies: { groups: [{ name: 'sre', members: [{ id: 5, login: 'eve' }] }] } },
    verdict: 'denied',
    rule: 'requirement',
  },
])

test('3.3 once granted, each request lives alone', () => {
  const refused = { ...second, usedUp: true }
  const { requests } = decide(
    patched(started, { facts: { ...early, requests: [...started.requests, refused] } }),
  )
  expect(requests.map(({ verdict }) => verdict)).toEqual(['passed', 'denied'])
})
