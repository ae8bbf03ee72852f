import { rm } from 'node:fs/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { foreignRows } from '../../app/audit/foreign.ts'
import { signNote } from '../../app/audit/note.ts'
import { rotationNote, rotationText } from '../../app/audit/rotation.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { type LedgerStage, stageLedger } from '../support/ledger-stage.ts'
import { type Tampering, tamperWith } from '../support/tampering.ts'
import { seedOf, tenth } from '../support/tenth.ts'

const events = 200
let ledger: LedgerStage
let hands: Tampering
beforeAll(async () => {
  ledger = await stageLedger(events, 20)
  hands = await tamperWith(ledger)
}, 120_000)
afterAll(() => ledger.close())

/** Where an edit has to show: at an event, or at the first checkpoint that covers it, as so many foreign events, or anywhere. */
type Place =
  | { readonly seq: number }
  | { readonly checkpoint: number }
  | { readonly foreign: number }
  | 'somewhere'
type Edit = { readonly name: string; readonly seq: number; readonly byte: number; readonly other: number }

const texts = ['type', 'actor_kind', 'actor_id', 'actor_login', 'request_id', 'grant_id', 'commit'] as const
const coveredBy = (seq: number) => hands.sizes.find((size) => size >= seq) ?? 0
const at = (seq: number, set: string) => hands.edit(`update audit_events set ${set} where seq = ${seq}`)
const flip = (column: string, byte: number) =>
  `${column} = set_byte(${column}, ${byte} % length(${column}), get_byte(${column}, ${byte} % length(${column})) # ${1 << (byte % 8)})`
/** So that it is another line, and still an event of its type. */
const another = (text: string) => text.replace(/"pull":(\d+)/, '"pull":1$1')
/** Of a type that gitsudo does not sign. */
const foreign = (n: number, reason: string) =>
  ledger.event(events + n, 'request.created', { reason }, { repo: 1, pull: events + n, commit: ledger.tip })
const anchorNotes = () => Promise.all(hands.sizes.map(hands.noteOf))

const edits: Readonly<Record<string, (edit: Edit) => Promise<Place>>> = {
  async byte({ seq, byte, other }) {
    await at(seq, flip(['body', 'leaf', 'chain'][other % 3] ?? 'body', byte))
    return { seq }
  },
  async text({ seq, other, byte }) {
    const column = texts[other % texts.length]
    await at(
      seq,
      `${column} = ${byte % 5 === 0 && other % texts.length > 2 ? `case when ${column} is null then '' end` : `coalesce(${column}, '') || '${byte}'`}`,
    )
    return { seq }
  },
  async number({ seq, other, byte }) {
    await at(
      seq,
      [
        `repo_id = coalesce(repo_id, 0) + ${byte + 1}`,
        `pull = ${byte % 2 ? 'null' : `coalesce(pull, 0) - ${byte + 1}`}`,
      ][other % 2] ?? '',
    )
    return { seq }
  },
  async time({ seq, byte }) {
    await at(seq, `at = at + interval '${byte + 1} milliseconds'`)
    return { seq }
  },
  async delete({ seq }) {
    await hands.edit(`delete from audit_events where seq = ${seq}`)
    return seq === events ? 'somewhere' : { seq }
  },
  async cutOff({ seq }) {
    await hands.edit(`delete from audit_events where seq >= ${seq}`)
    return 'somewhere'
  },
  async double({ seq }) {
    await hands.edit(`insert into audit_events select * from audit_events where seq = ${seq}`)
    return { seq: seq + 1 }
  },
  async swap({ seq, other }) {
    const to = 1 + (other % events)
    if (to === seq) return edits.delete?.({ name: '', seq, byte: 0, other }) ?? 'somewhere'
    await hands.edit(`update audit_events set seq = ${seq + to} - seq where seq in (${seq}, ${to})`)
    return { seq: Math.min(seq, to) }
  },
  async renumber({ seq, byte }) {
    await hands.edit(`update audit_events set seq = seq + ${byte + 1} where seq >= ${seq}`)
    return { seq }
  },
  async move({ seq, byte }) {
    await at(seq, `seq = ${byte % 2 ? -seq : events + 1 + byte}`)
    return { seq: byte % 2 ? 1 : seq === events ? events : seq }
  },
  async insert({ seq, other }) {
    await hands.edit(`update audit_events set seq = seq + 1 where seq >= ${seq}`)
    const from = 1 + (other % events)
    await hands.edit(`insert into audit_events select ${seq}, body, leaf, chain, type, at, actor_kind, actor_id, actor_login,
      request_id, grant_id, repo_id, pull, commit from audit_events where seq = ${from >= seq ? from + 1 : from}`)
    return { seq: seq === from ? seq + 1 : seq }
  },
  async rechain({ seq, byte }) {
    await hands.rechain(seq, another)
    // The columns, too, so that only the checkpoint tells.
    if (byte % 2) await at(seq, "pull = ('1' || pull)::bigint")
    // What is signed shows at its place already.
    const signed = (await hands.rows())[seq - 1]?.body.includes('"sig"') === true
    return byte % 2 && !signed ? { checkpoint: coveredBy(seq) } : { seq }
  },
  async evidence({ byte, other }) {
    const { rows } = await hands.edit('select digest from evidence order by digest')
    const digest = rows[byte % rows.length].digest
    await hands.edit(
      other % 3 === 0
        ? `delete from evidence where digest = '${digest}'`
        : `update evidence set ${other % 3 === 1 ? flip('bytes', byte) : "digest = digest || ' '"} where digest = '${digest}'`,
    )
    const found = (await hands.rows()).find(({ body }) => body.includes(digest))
    return { seq: found?.seq ?? 0 }
  },
  async checkpoint({ byte, other }) {
    const size = hands.sizes[byte % hands.sizes.length] ?? 0
    const note = await hands.noteOf(size)
    const index = other % note.length
    const letter = note.charCodeAt(index) === 65 ? 'B' : 'A'
    const changes = [
      note.slice(0, index) + letter + note.slice(index + 1),
      await hands.noteOf(hands.sizes[(byte + 1) % hands.sizes.length] ?? 0),
      await hands.forge(size),
      await hands.forge(size, 'elsewhere'),
    ]
    await hands.edit('update checkpoints set note = $2 where size = $1', [size, changes[byte % 4]])
    return { checkpoint: size }
  },
  async checkpointSize({ byte }) {
    const size = (hands.sizes[0] ?? 0) + byte + 1
    // No two are over as many.
    const free = hands.sizes.includes(size) ? size + 1 : size
    await hands.edit(`update checkpoints set size = ${free} where size = ${hands.sizes[0]}`)
    return 'somewhere'
  },
  async checkpointGone({ byte }) {
    await hands.edit(`delete from checkpoints where size = ${hands.sizes[byte % hands.sizes.length]}`)
    return 'somewhere'
  },
  async checkpointAdded({ byte, other }) {
    const size = byte % 2 ? events + 1 + other : 1 + (other % events)
    if (hands.sizes.includes(size))
      return edits.checkpointGone?.({ name: '', seq: 1, byte, other }) ?? 'somewhere'
    const notes = [await hands.forge(Math.min(size, events)), await hands.noteOf(hands.sizes[0] ?? 0), 'x']
    await hands.edit('insert into checkpoints values ($1, $2, now())', [size, notes[byte % 3]])
    return { checkpoint: size }
  },
  async rotationAdded({ byte }) {
    const toOurs = rotationText({ origin: 'test-instance', key: ledger.signer.key })
    const notes = [
      rotationNote(hands.stranger, noteSigner('test-instance')),
      'x',
      `${byte}\n\n— x AAAA\n`,
      `${toOurs}\n— ${byte % 8 < 4 ? 'x' : 'test-instance'} AAAA\n`,
      signNote(toOurs, [hands.stranger]),
    ]
    await hands.edit('insert into key_rotations (note) values ($1)', [notes[byte % notes.length]])
    return 'somewhere'
  },
  async origin() {
    await hands.edit("update ledger_origin set origin = origin || '2'")
    return { seq: 1 }
  },
  // Until the sealer looks, they are what no anchor holds; from then on, what it did not seal.
  async append({ byte, other, seq }) {
    const count = 1 + (byte % 3)
    const who = other % 2 ? 'app' : 'superuser'
    const rows = Array.from({ length: count }, (_, n) => foreign(n, `${byte} ${other}`))
    await hands.append(who, rows)
    const before = await ledger.verify({ stateDir: ledger.newState() })
    expect(before, who).toMatchObject({ exit: 0, notAnchored: { count, first: events + 1 } })
    await ledger.seal(...(seq % 2 ? [foreign(count, 'ours')] : []))
    return { foreign: count }
  },
  // Not to the last but one: the ledger does not say yet that there is a newer.
  async anchorsRolledBack({ byte }) {
    ledger.point('gitsudo-ledger', ledger.anchors[byte % (ledger.anchors.length - 2)] ?? '')
    return 'somewhere'
  },
  async anchorsRewritten({ byte }) {
    const notes = await anchorNotes()
    const index = byte % notes.length
    hands.rewriteAnchors(
      [notes, notes.toReversed(), notes.slice(index), notes.toSpliced(index, 1)][byte % 4] ?? [],
    )
    return 'somewhere'
  },
  async anchorReplayed({ byte }) {
    hands.appendAnchor({ checkpoint: (await anchorNotes())[byte % (hands.sizes.length - 1)] ?? '', keys: '' })
    return 'somewhere'
  },
  async anchorForged({ seq }) {
    hands.appendAnchor({ checkpoint: await hands.forge(seq), keys: `${hands.stranger.key.text}\n` })
    return 'somewhere'
  },
}

/** Fresh for each day, so that every night tries others; printed with the test's name. */
const seed = process.env.GITSUDO_SEED ?? new Date().toISOString().slice(0, 10)
const drawn = fc.sample(
  fc.record({
    name: fc.constantFrom(...Object.keys(edits)),
    seq: fc.integer({ min: 1, max: events }),
    byte: fc.nat(500),
    other: fc.nat(10_000),
  }),
  { numRuns: 2_000, seed: seedOf(seed) },
)

test(`each of 2,000 random edits of a ledger, its checkpoints and its anchors is caught, where it is, GITSUDO_SEED=${seed}`, {
  timeout: 3_600_000,
}, async () => {
  for (const edit of tenth(drawn)) {
    const place = (await edits[edit.name]?.(edit)) ?? 'somewhere'
    const stateDir = ledger.newState()
    const { exit, chain, comparisons, lost } = await ledger.verify({ stateDir })
    const said = JSON.stringify({ edit, chain: { ...chain, marks: undefined }, comparisons, lost })
    expect(exit, said).toBe(1)
    if (place !== 'somewhere' && 'seq' in place)
      expect(chain, said).toMatchObject({ ok: false, seq: place.seq })
    if (place !== 'somewhere' && 'checkpoint' in place)
      expect(comparisons.find(({ of }) => of === 'checkpoints')?.details[0], said).toContain(
        `checkpoint of ${place.checkpoint} `,
      )
    if (place !== 'somewhere' && 'foreign' in place)
      expect(comparisons.find(({ of }) => of === 'foreign events')?.details, said).toEqual([
        `${foreignRows({ first: events + 1, last: events + place.foreign })}: not sealed by gitsudo, as event ${events + place.foreign + 1} says`,
      ])
    await rm(stateDir, { recursive: true, force: true })
    await hands.restore()
  }
  expect((await ledger.verify({ stateDir: ledger.newState() })).exit).toBe(0)
})
