import { test } from 'vitest'
import { playKills } from '../support/kills.ts'

// Every other point: test/slow/kill-points.test.ts.
test(
  'killed between record and act, started again: granted once, ended once, shown once',
  () =>
    playKills(
      [
        { at: 'intent staged, not sealed', call: 'ledger.sealed', when: 'before', about: 'grant.intended' },
        { at: 'given, not recorded', call: 'providers.mock.ensure', when: 'after' },
        { at: 'between check and comment', call: 'github.repository.createComment', when: 'before' },
        { at: 'taken away, not recorded', call: 'providers.mock.remove', when: 'after' },
      ],
      50_000,
    ),
  150_000,
)
