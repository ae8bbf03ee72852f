import { test } from 'vitest'
import { type KillPoint, playKills } from '../support/kills.ts'
import { tenth } from '../support/tenth.ts'

const points: readonly KillPoint[] = [
  { at: 'delivery stored, not answered', call: 'store.acceptDelivery', when: 'after' },
  { at: 'request row written in its transaction', call: 'store.saveRequest', when: 'after' },
  {
    at: 'request row saved, nothing shown',
    call: 'github.repository.createCheck',
    when: 'before',
  },
  { at: 'check created, answer not seen', call: 'github.repository.createCheck', when: 'after' },
  { at: 'comment written, answer not seen', call: 'github.repository.createComment', when: 'after' },
  { at: 'between check and comment', call: 'github.repository.createComment', when: 'before' },
  { at: 'merged, answer not seen', call: 'github.repository.merge', when: 'after' },
  { at: 'verdict under its locks', call: 'store.saveGrant', when: 'before' },
  {
    at: 'intent staged in the open transaction',
    call: 'ledger.stage',
    when: 'after',
    about: 'grant.intended',
  },
  {
    at: 'intent staged, not known to be sealed',
    call: 'ledger.sealed',
    when: 'before',
    about: 'grant.intended',
  },
  { at: 'intent sealed', call: 'ledger.sealed', when: 'after', about: 'grant.intended' },
  { at: 'attempt opened', call: 'store.openAttempt', when: 'after' },
  { at: 'before the provider gives', call: 'providers.mock.ensure', when: 'before' },
  { at: 'after the provider gave', call: 'providers.mock.ensure', when: 'after' },
  { at: 'before grant.issued', call: 'ledger.stageAll', when: 'before', about: 'grant.issued' },
  {
    at: 'revoke intent staged',
    call: 'ledger.stageAll',
    when: 'after',
    about: 'grant.revoke_intended',
    end: 'revoked',
  },
  {
    at: 'revoke intent sealed',
    call: 'ledger.sealed',
    when: 'after',
    about: 'grant.revoke_intended',
    end: 'revoked',
  },
  { at: 'before the provider takes away', call: 'providers.mock.remove', when: 'before' },
  { at: 'after the provider took away', call: 'providers.mock.remove', when: 'after' },
  { at: 'before the end is saved', call: 'ledger.stageAll', when: 'before', about: 'grant.expired' },
  { at: 'end staged', call: 'ledger.stageAll', when: 'after', about: 'grant.expired' },
]

/** A body's first words, as a delivery shows its bytes. */
const begins = (text: string): string => [...Buffer.from(text)].map((byte) => byte.toString(16)).join(' ')

/** Where people are asked, review and merge. */
const withPeople: readonly KillPoint[] = [
  { at: 'reviewers asked, answer not seen', call: 'github.repository.askReviewers', when: 'after' },
  {
    at: 'review stored, not answered',
    call: 'store.acceptDelivery',
    when: 'after',
    about: "event: 'pull_request_review'",
  },
  {
    at: 'merge by a person stored, not answered',
    call: 'store.acceptDelivery',
    when: 'after',
    about: begins('{"action":"closed"'),
  },
]

/** Between record and act; played whatever the seed says. */
const always = [
  'delivery stored, not answered',
  'check created, answer not seen',
  'between check and comment',
  'verdict under its locks',
  'intent staged, not known to be sealed',
  'intent sealed',
  'attempt opened',
  'after the provider gave',
  'before grant.issued',
  'after the provider took away',
]
const chosen = new Set([...points.filter(({ at }) => always.includes(at)), ...tenth(points)])

test(
  'killed at any point, started again: granted once, ended once, shown once',
  () => playKills([...chosen], 900_000),
  1_800_000,
)

test(
  'killed while people are asked, review and merge: granted once, ended once, shown once',
  () => playKills(tenth(withPeople), 900_000, 'manual'),
  1_800_000,
)
