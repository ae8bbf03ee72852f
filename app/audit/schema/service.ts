import { signature } from './decision.ts'
import { a, closed, count, eventSchema, name, oneOf, orNull, text } from './shape.ts'

const anchor = closed({
  size: count('How many events the checkpoint covers.'),
  root: a('digest', 'The Merkle root over their leaves.'),
  head: a('digest', 'The chain after the last of them.'),
  branch: name('The anchor branch.'),
  sig: signature,
})

/** What befell the service itself, its database and its ledger. */
export const serviceSchemas = {
  'notification.failed': eventSchema('notification.failed', {
    when: 'A notification was given up.',
    by: { who: 'gitsudo.', kinds: ['app'] },
    about: [],
    data: closed(
      {
        channel: name('Which channel, as configured.'),
        notice: name('What it would have told: an alert, or a type of event.'),
        seq: count('The event it would have told of.', 1),
        tries: count('How often it was tried.', 1),
        why: text('What went wrong the last time.'),
        sig: signature,
      },
      ['seq'],
    ),
  }),
  'database.changed': eventSchema('database.changed', {
    when: 'A row changed in a transaction that did not announce itself; `at` is when. With `sig`: rows of the ledger that gitsudo did not seal; `at` is when they were found.',
    by: { who: 'The role that logged in; `unknown` of rows of the ledger.', kinds: ['database'] },
    about: [],
    data: {
      ...closed(
        {
          change: count('Its number among the changes noticed.', 1),
          table: name('Which table.'),
          operation: oneOf('What was done.', 'insert', 'update', 'delete', 'truncate'),
          row: name(
            "The row's key, (empty) where it is; * for what concerns the whole table; of the ledger, which events: `61-63`.",
          ),
          before: orNull(
            text(
              'What the columns that changed held before, JSON as PostgreSQL writes it, a long value as `too_long` (bytes) and `sha256`; of the ledger, the chain before these events.',
            ),
          ),
          after: orNull(text('What they hold since; of the ledger, the chain after these events.')),
          client: orNull(name('The address it came from; null: from the same machine.')),
          application: orNull(name('What the connection called itself.')),
          sig: signature,
        },
        ['change', 'sig'],
      ),
      oneOf: [{ required: ['change'] }, { required: ['sig'] }],
    },
  }),
  'ledger.anchored': eventSchema('ledger.anchored', {
    when: 'A checkpoint was committed to the anchor branch; `repo` is the anchor repository, `commit` the anchor.',
    by: { who: 'gitsudo.', kinds: ['app'] },
    about: ['repo', 'commit'],
    data: anchor,
  }),
  'ledger.restored': eventSchema('ledger.restored', {
    when: 'Somebody acknowledged that the database lacks what this anchor holds: a backup was restored.',
    by: { who: 'Whoever ran `gitsudo server acknowledge-restore`.', kinds: ['system'] },
    about: ['repo', 'commit'],
    data: anchor,
  }),
}
