// Who holds the database puts rows where they seem to be what was anchored, or what was said of it (trust.md 3.11).
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCheckpoint } from '../../../app/audit/checkpoint.ts'
import { openNote, signNote } from '../../../app/audit/note.ts'
import { anchoredEvent } from '../../../app/reconcile/anchor/event.ts'
import { withClient } from '../../support/client.ts'
import { testKeys } from '../../support/keys.ts'
import { anchorRepository, instance, newSigner, openStage, type Stage } from './stage.ts'

let t: Stage
beforeEach(async () => {
  t = await openStage()
})
afterEach(() => t.close())

type Replica = Awaited<ReturnType<Stage['replica']>>

/** Why nothing is given, as the service asks it. */
const withheld = async ({ anchorer, ledger }: Replica) => anchorer.doubt() ?? (await ledger.standing()).broken
const noteAt = (commit = '') => t.branch.at(commit).get('checkpoint') ?? ''

describe('a restored backup', () => {
  /** Anchored over seven events, and back to three of them; what was there lies in `kept` and `notes`. */
  const restored = async () => {
    const one = await t.replica()
    await one.seal(7)
    await one.turn()
    await t.owner(
      'create table kept as table audit_events; create table notes as table checkpoints; grant select on kept to public',
    )
    await t.owner('delete from audit_events where seq > 3; delete from checkpoints where size > 3')
    await one.ledger.stop()
    const note = readCheckpoint(openNote(noteAt(t.branch.tips()[0]), []).text)
    return { head: Buffer.from(note.head).toString('hex') }
  }
  const columns = 'leaf, type, at, actor_kind, actor_id, actor_login, request_id, grant_id, repo_id, pull'
  /** The head is public: it lies in the anchored checkpoint. */
  const anyRow = (head: string) => `
    insert into audit_events (seq, body, chain, ${columns})
    select 7, body, '\\x${head}', ${columns} from audit_events where seq = 1`
  const itsNote = 'insert into checkpoints select * from notes where size = 7'

  test.each<[string, (head: string) => string]>([
    ['a row with the anchored chain', anyRow],
    ['that, and the anchored checkpoint', (head) => `${anyRow(head)}; ${itsNote}`],
    ['the very row', () => 'insert into audit_events select * from kept where seq = 7'],
  ])('does not hold what was anchored by %s at its end', async (_, put) => {
    const { head } = await restored()
    await t.owner(put(head))
    const two = await t.replica()
    await two.turn()
    expect(await withheld(two)).toBeDefined()
  })

  test.each<[string, (head: string) => string]>([
    ['the anchored chain', (head) => `update audit_events set chain = '\\x${head}' where seq = 7`],
    [
      'that, and the anchored checkpoint',
      (head) => `update audit_events set chain = '\\x${head}' where seq = 7; ${itsNote}`,
    ],
    [
      'the very rows',
      () => `delete from audit_events where seq between 4 and 8;
        insert into audit_events select * from kept where seq between 4 and 8`,
    ],
  ])('that has grown past the anchor does not hold it by %s in its midst', async (_, put) => {
    const { head } = await restored()
    const two = await t.replica()
    await two.seal(9)
    await two.turn()
    expect(two.anchorer.doubt()).toContain('lacks what the newest anchor holds, 7 events')
    await t.owner(put(head))
    t.clock.advance(10_000)
    await two.turn()
    expect(two.anchorer.doubt()).toContain('lacks what the newest anchor holds, 7 events')
  })

  test.each([false, true])(
    'is acknowledged by no other event of ours (told of as foreign: %s)',
    async (told) => {
      await restored()
      const two = await t.replica()
      // With the service's own password; the chain and the columns are right.
      await withClient(t.postgres.appUrl, (client) =>
        client.query(`
        insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, repo_id, commit)
        select last.seq + 1, kept.body, kept.leaf,
          sha256('\\x02'::bytea || last.chain || int8send(last.seq + 1) || kept.leaf),
          'ledger.restored', kept.at, kept.actor_kind, kept.actor_id, kept.repo_id, kept.commit
        from kept, (select seq, chain from audit_events order by seq desc limit 1) as last
        where kept.type = 'ledger.anchored'`),
      )
      if (told) await two.seal()
      await two.turn()
      expect(two.anchorer.doubt()).toContain('lacks what the newest anchor holds, 7 events')
    },
  )
})

test.each([
  [
    'behind all others',
    `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, repo_id, commit, mac_key, mac)
     select last.seq + 1, old.body, old.leaf,
       sha256('\\x02'::bytea || last.chain || int8send(last.seq + 1) || old.leaf),
       old.type, old.at, old.actor_kind, old.actor_id, old.repo_id, old.commit, last.mac_key, last.mac
     from old, last`,
  ],
  [
    'in the place of another',
    `update audit_events set body = old.body, type = old.type, commit = old.commit
     from old, last where audit_events.seq = last.seq`,
  ],
])(
  'an older anchor of ours that is filed again, %s, does not keep newer ones from being made',
  async (...row) => {
    const [, statement] = row
    const one = await t.replica()
    for (let n = 0; n < 2; n += 1) {
      await one.seal()
      await one.turn()
      t.clock.advance(61_000)
    }
    await one.seal(2)
    await t.owner(
      `create view old as select * from audit_events where type = 'ledger.anchored' order by seq limit 1;
     create view last as select * from audit_events order by seq desc limit 1; ${statement}`,
    )
    await one.turn()
    expect(t.branch.tips()).toHaveLength(3)
  },
)

describe('a forged newest checkpoint', () => {
  const hash = Buffer.alloc(32, 7).toString('base64')
  const text = (size: number) => `${instance}\n${size}\n${hash}\ngitsudo-chain ${hash}\n`
  const far = 1_000_000_000_000
  /** With the service's own password. */
  const store = (size: number, note: string) =>
    withClient(t.postgres.appUrl, async (client) => {
      await client.query("set gitsudo.announced = 'yes'")
      await client.query('insert into checkpoints (size, note, made_at) values ($1, $2, now())', [size, note])
    })

  test.each<[string, number, () => string]>([
    ['signed by nobody', far, () => `${text(far)}\n— x AAAA\n`],
    ['that is no note', far, () => 'x'],
    ['signed by a key of his own', far, () => signNote(text(far), [newSigner()])],
    ['signed by a key of his own, over what is sealed', 4, () => signNote(text(4), [newSigner()])],
    ['that is an older one of ours', far, () => noteAt(t.branch.tips()[0])],
  ])('%s is neither anchored nor in the way of the next', async (_, size, note) => {
    const one = await t.replica()
    await one.seal(3)
    await one.turn()
    await store(size, note())
    t.clock.advance(61_000)
    for (let minute = 0; minute < 2; minute += 1) {
      await one.seal(2)
      await one.turn()
      t.clock.advance(61_000)
    }
    expect(await one.checkpoints.newest()).toMatchObject({ size: 9 })
    const sizes = t.branch.tips().map((commit) => readCheckpoint(openNote(noteAt(commit), []).text).size)
    expect(sizes).toEqual([3, 6, 9])
    expect(await one.anchored()).toEqual(
      t.branch.tips().map((commit, index) => ({ size: sizes[index], commit })),
    )
    expect(new Set(t.alerts())).toEqual(new Set(['checkpoint.refused']))
  })

  test('an anchor on record over more than was sealed before it is not the last', async () => {
    const one = await t.replica()
    await one.seal(3)
    await one.turn()
    const [commit = ''] = t.branch.tips()
    const checkpoint = { ...readCheckpoint(openNote(noteAt(commit), []).text), size: far }
    const event = anchoredEvent(
      { repository: anchorRepository, branch: 'gitsudo-ledger', commit: 'f'.repeat(40), checkpoint },
      t.clock.now(),
    )
    const staged = await one.database.transaction((tx) => one.ledger.stage(tx, testKeys.sign(event)))
    await one.ledger.sealed([staged], t.clock.now() + 10_000)
    await one.seal()
    expect(await one.checkpoints.anchors(anchorRepository)).toMatchObject({
      last: { size: 3, commit },
      waiting: 'events',
    })
  })

  test('at the very size of the next one: said, and the one after it is made', async () => {
    const one = await t.replica()
    await one.seal(3)
    await store(3, signNote(text(3), [newSigner()]))
    await one.turn()
    expect(t.branch.tips()).toEqual([])
    expect(t.alerts()).toContain('checkpoint.refused')
    await one.seal()
    await one.turn()
    expect(await one.anchored()).toMatchObject([{ size: 4 }])
  })
})
