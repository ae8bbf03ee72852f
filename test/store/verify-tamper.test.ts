import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readCheckpoint } from '../../app/audit/checkpoint.ts'
import { openNote } from '../../app/audit/note.ts'
import type { Receipt } from '../../app/audit/receipt.ts'
import { rotationText } from '../../app/audit/rotation.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { type LedgerStage, now, stageLedger } from '../support/ledger-stage.ts'
import { type Tampering, tamperWith } from '../support/tampering.ts'

/** Sizes of its checkpoints and anchors: 21, 41, 60. */
let ledger: LedgerStage
let hands: Tampering
let seen: string
beforeAll(async () => {
  ledger = await stageLedger(60, 20)
  hands = await tamperWith(ledger)
  seen = ledger.newState()
  expect((await ledger.verify({ stateDir: seen })).exit).toBe(0)
})
afterEach(() => hands.restore())
afterAll(() => ledger.close())

type Ask = Parameters<LedgerStage['verify']>[0]
/** As somebody who never looked before, unless told. */
const verify = (more: Ask = {}) => ledger.verify({ stateDir: ledger.newState(), ...more })
const fault = async (more: Ask = {}) => {
  const { chain, exit } = await verify(more)
  expect(exit).toBe(1)
  return chain.ok ? 'the chain is intact' : { seq: chain.seq, what: chain.what, after: chain.consistentAfter }
}
const faultOf = async (of: string, more: Ask = {}) => {
  const { exit, comparisons } = await verify(more)
  expect(exit).toBe(1)
  return comparisons
    .filter((one) => one.of === of && one.outcome === 'fault')
    .flatMap(({ details }) => details)
}

describe('one event', () => {
  const bytes = (column: string) =>
    `update audit_events set ${column} = set_byte(${column}, $1, get_byte(${column}, $1) # 1) where seq = 30`
  test.each(['body', 'leaf', 'chain'])('any byte of its %s', async (column) => {
    const { rows } = await hands.edit(
      `select length(${column})::int as length from audit_events where seq = 30`,
    )
    for (const index of [0, 1, 17, rows[0].length - 1]) {
      await hands.edit(bytes(column), [index])
      expect(await fault()).toMatchObject({ seq: 30, what: column === 'body' ? 'leaf' : column })
      await hands.restore()
    }
  })

  test.each([
    ['type', "type = 'grant.issued'"],
    ['at', "at = at - interval '1 millisecond'"],
    ['actorKind', "actor_kind = 'database'"],
    ['actorId', "actor_id = actor_id || '1'"],
    ['actorLogin', "actor_login = 'mallory'"],
    ['requestId', 'request_id = null'],
    ['grantId', "grant_id = 'req_0000000000000000000000000Z'"],
    ['repoId', 'repo_id = -1'],
    ['pull', 'pull = pull + 1'],
    ['commit', "commit = repeat('0', 40)"],
  ])('its column %s: %s', async (what, change) => {
    await hands.edit(`update audit_events set ${change} where seq = 30`)
    expect(await fault()).toEqual({ seq: 30, what, after: 30 })
  })

  test('its evidence altered, or gone', async () => {
    await hands.edit(
      "update evidence set bytes = bytes || ' ' where convert_from(bytes, 'UTF8') = '{\"input\":24}'",
    )
    expect(await fault()).toEqual({ seq: 25, what: 'evidence', after: 35 })
    await hands.edit('delete from evidence')
    expect(await fault()).toMatchObject({ seq: 5, what: 'evidence' })
  })
})

describe('rows', () => {
  test.each([
    ['swapped', 'update audit_events set seq = 71 - seq where seq in (30, 41)', 30, 'chain'],
    ['deleted', 'delete from audit_events where seq = 30', 30, 'seq'],
    ['doubled', 'insert into audit_events select * from audit_events where seq = 30', 31, 'seq'],
    ['renumbered', 'update audit_events set seq = seq + 1 where seq >= 30', 30, 'seq'],
    ['cut off in front', 'delete from audit_events where seq < 30', 1, 'seq'],
  ])('%s', async (_, statement, seq, what) => {
    await hands.edit(statement)
    expect(await fault()).toMatchObject({ seq, what })
  })

  test('inserted', async () => {
    await hands.edit('update audit_events set seq = seq + 1 where seq >= 30')
    await hands.edit(
      'insert into audit_events select 30, body, leaf, chain, type, at, actor_kind, actor_id from audit_events where seq = 2',
    )
    expect(await fault()).toMatchObject({ seq: 30, what: 'chain' })
  })

  test('cut off at the end: the chain is intact, and what is lost is counted', async () => {
    await hands.edit('delete from audit_events where seq > 50')
    const { chain, lost } = await verify()
    expect(chain).toMatchObject({ ok: true, events: 50 })
    expect(lost).toMatchObject({ count: 10, expected: false })
    expect(await fault()).toBe('the chain is intact')
  })

  test('all gone, the checkpoints too: the anchors know', async () => {
    for (const table of ['audit_events', 'evidence', 'checkpoints']) await hands.edit(`truncate ${table}`)
    expect((await verify()).lost).toMatchObject({ count: 60, by: expect.stringMatching(/^anchor/) })
  })
})

describe('a correct chain without the key', () => {
  const other = (text: string) => text.replace('"pull":', '"pull":9')

  test('everything hashed anew contradicts the first checkpoint after it, and the anchors', async () => {
    await hands.rechain(30, (text) => text.replace('"reason":"reason 29"', '"reason":"a better one"'))
    const [first] = await faultOf('checkpoints')
    expect(first).toMatch(/^checkpoint of 41 \(41 events\): root: expected [0-9a-f]{64}, found [0-9a-f]{64}$/)
    expect(await faultOf('anchors')).toHaveLength(2)
  })

  test('and with the checkpoints signed anew by another key', async () => {
    await hands.rechain(30, other)
    for (const size of [41, 60])
      await hands.edit('update checkpoints set note = $2 where size = $1', [size, await hands.forge(size)])
    expect(await fault()).toMatchObject({ seq: 30 })
    await hands.restore()
    await hands.rechain(30, (text) => text.replace('"reason":"reason 29"', '"reason":"a better one"'))
    for (const size of [41, 60])
      await hands.edit('update checkpoints set note = $2 where size = $1', [size, await hands.forge(size)])
    expect((await faultOf('checkpoints'))[0]).toContain(
      'signature: expected one of the keys that are trusted',
    )
  })

  test('a checkpoint for another origin', async () => {
    await hands.edit('update checkpoints set note = $1 where size = 41', [await hands.forge(41, 'elsewhere')])
    expect((await faultOf('checkpoints'))[0]).toContain('origin: expected test-instance, found elsewhere')
  })

  test('an old checkpoint in the place of a newer one', async () => {
    await hands.edit('update checkpoints set note = $1 where size = 60', [await hands.noteOf(41)])
    expect((await faultOf('checkpoints'))[0]).toContain('size: expected 60, found 41')
  })

  test.each([
    ['a rotation', () => noteSigner('test-instance').key],
    ['one to the key that is trusted already', () => ledger.signer.key],
  ])('%s that nobody of us signed', async (_, key) => {
    const rotation = `${rotationText({ origin: 'test-instance', key: key() })}\n— test-instance AAAA\n`
    await hands.edit('insert into key_rotations (note) values ($1)', [rotation])
    expect((await faultOf('checkpoints'))[0]).toContain('rotation')
  })
})

describe('a stored checkpoint that is gone', () => {
  const remove = (size: number) => hands.edit('delete from checkpoints where size = $1', [size])
  const missing = (size: number) =>
    expect.stringContaining(` (${size} events): checkpoint: expected that it is stored, found none`)

  test.each([21, 41, 60])('misses its anchor: %i', async (size) => {
    await remove(size)
    expect(await faultOf('anchors')).toEqual([missing(size)])
    expect(await faultOf('anchors', { threads: 2 })).toEqual([missing(size)])
  })

  test('misses the copy of a witness, a receipt, and an earlier run', async () => {
    const note = await hands.noteOf(60)
    const { root } = readCheckpoint(openNote(note, []).text)
    const { rows } = await hands.edit("select encode(leaf, 'hex') as leaf from audit_events where seq = 30")
    const receipts = [{ pull: 5, seq: 30, leaf: rows[0].leaf, checkpoint: { size: 60, root } }]
    const github = { repository: 1, merged: [], receipts, addsRequests: async () => false }
    await remove(60)
    const without = { repositories: [] }
    expect(
      await faultOf('witnesses', { ...without, witnesses: [{ name: 'siem', text: `${note}\n` }] }),
    ).toEqual([missing(60)])
    expect(await faultOf('receipts', { ...without, github })).toEqual([missing(60)])
    expect(await faultOf('earlier run', { ...without, stateDir: seen })).toEqual([missing(60)])
  })

  test('a receipt that names another root than that of its checkpoint', async () => {
    const { rows } = await hands.edit("select encode(leaf, 'hex') as leaf from audit_events where seq = 30")
    const { root } = readCheckpoint(openNote(await hands.noteOf(60), []).text)
    const github = (said: Uint8Array) => ({
      ...{ repository: 1, merged: [], addsRequests: async () => false },
      receipts: [{ pull: 5, seq: 30, leaf: rows[0].leaf, checkpoint: { size: 60, root: said } }],
    })
    expect(await faultOf('receipts', { github: github(Buffer.alloc(32)) })).toEqual([
      expect.stringMatching(/^receipt in #5 \(60 events\): root: expected 0{64}, found/),
    ])
    const agreed = await ledger.verify({ stateDir: ledger.newState(), github: github(root) })
    expect(agreed.comparisons).toContainEqual(expect.objectContaining({ of: 'receipts', outcome: 'agrees' }))
  })

  test('that nobody else holds is missed by nobody, and neither is when one was made', async () => {
    ledger.point('gitsudo-ledger', ledger.anchors[1] ?? '')
    await remove(60)
    await hands.edit("update checkpoints set made_at = made_at + interval '1 day'")
    expect((await verify()).exit).toBe(0)
  })
})

describe('an old backup', () => {
  const rollBack = () =>
    Promise.all(
      ['audit_events where seq > 41', 'checkpoints where size > 41'].map((one) =>
        hands.edit(`delete from ${one}`),
      ),
    )

  test('the anchors know what is lost; --from-backup counts and lists it', async () => {
    await rollBack()
    expect(await verify()).toMatchObject({ exit: 1, lost: { count: 19, expected: false } })
    const expected = await verify({ fromBackup: true })
    expect(expected).toMatchObject({ exit: 0, lost: { count: 19, expected: true } })
    expect(expected.lost?.known).toEqual([
      expect.stringMatching(/^anchor [0-9a-f]{12}: over 60 events$/),
      expect.stringContaining('requests/2026/12/request-45.yaml'),
      expect.stringContaining('requests/2026/12/request-55.yaml'),
    ])
  })

  test('that was made between an event and the checkpoint before it lacks no checkpoint', async () => {
    await hands.edit('delete from audit_events where seq > 45')
    await hands.edit('delete from checkpoints where size > 21')
    expect((await verify({ fromBackup: true })).exit).toBe(0)
    await hands.edit('delete from checkpoints where size = 21')
    await hands.edit('insert into checkpoints select * from kept_checkpoints where size = 41')
    expect(await faultOf('anchors', { fromBackup: true })).toEqual([
      expect.stringContaining('(21 events): checkpoint'),
    ])
  })

  test('together with the anchor branch: a witness knows, merges do, and whoever looked before', async () => {
    const witness = { name: 'siem', text: `${await hands.noteOf(60)}\n` }
    await rollBack()
    ledger.point('gitsudo-ledger', ledger.anchors[1] ?? '')
    const missing = ['45', '55'].map((n) => expect.stringContaining(`request-${n}.yaml`))
    expect(await faultOf('merges')).toEqual(missing)
    ledger.point('main', ledger.git(['rev-parse', 'main~2']))
    expect((await verify()).exit).toBe(0)
    const github = (merged: readonly number[], receipts: readonly Receipt[] = []) => ({
      ...{ repository: 1, receipts, addsRequests: async () => true },
      merged: merged.map((number) => ({ number, at: new Date(now - 29 * 86_400_000).toISOString() })),
    })
    // Receipts he can delete, who may write where they stand; GitHub's list of what was merged he cannot.
    const receipt = { pull: 55, seq: 56, leaf: '0'.repeat(64) }
    expect(await verify({ github: github([], [receipt]) })).toMatchObject({ exit: 1, lost: { count: 15 } })
    expect(await faultOf('merges', { github: github([45, 55]) })).toEqual([
      'GitHub merged #45 with request files, and no event is about it',
      'GitHub merged #55 with request files, and no event is about it',
    ])
    expect((await verify({ github: github([]) })).exit).toBe(0)
    expect(await verify({ witnesses: [witness] })).toMatchObject({ exit: 1, lost: { count: 19 } })
    const again = await verify({ stateDir: seen })
    expect(again).toMatchObject({ exit: 1, lost: { count: 19 } })
    expect(again.comparisons).toContainEqual(
      expect.objectContaining({
        of: 'anchors',
        details: [expect.stringContaining('not on the branch any more')],
      }),
    )
  })
})

test('what only the database holds, after the newest anchor, can be cut off; before that it is counted', async () => {
  ledger.point('gitsudo-ledger', ledger.anchors[1] ?? '')
  expect((await verify()).notAnchored).toEqual({ count: 18, first: 42 })
  for (const one of ['audit_events where seq > 56', 'checkpoints where size > 56'])
    await hands.edit(`delete from ${one}`)
  expect(await verify()).toMatchObject({
    exit: 0,
    chain: { events: 56 },
    notAnchored: { count: 14, first: 42 },
  })
})

describe('the anchor branch', () => {
  test.each([
    ['replaced by its like', (notes: readonly string[]) => notes],
    ['replaced by its end', (notes: readonly string[]) => notes.slice(-1)],
    ['in another order', ([a = '', b = '', c = '']: readonly string[]) => [b, a, c]],
  ])('%s', async (_, of) => {
    hands.rewriteAnchors(of(await Promise.all(hands.sizes.map(hands.noteOf))))
    expect((await faultOf('anchors')).length).toBeGreaterThan(0)
  })

  test('rolled back, gone, merged, with an old checkpoint on top, with a key of somebody else', async () => {
    ledger.point('gitsudo-ledger', ledger.anchors[0] ?? '')
    expect(await faultOf('anchors')).toEqual([expect.stringContaining('names the anchor')])
    ledger.git(['update-ref', '-d', 'refs/heads/gitsudo-ledger'])
    expect((await verify()).exit).toBe(3)
    await hands.restore()
    const keys = `${ledger.signer.key.text}\n`
    const newest = { checkpoint: await hands.noteOf(60), keys }
    hands.appendAnchor(newest, [ledger.anchors[2] ?? '', ledger.anchors[0] ?? ''])
    expect((await faultOf('anchors'))[0]).toContain('its parents are')
    await hands.restore()
    hands.appendAnchor({ checkpoint: await hands.noteOf(21), keys })
    expect((await faultOf('anchors'))[0]).toContain('covers 21 events, fewer than the 60')
    await hands.restore()
    hands.appendAnchor({ ...newest, keys: `${hands.stranger.key.text}\n` })
    expect((await faultOf('anchors'))[0]).toContain('a key that nobody vouches for')
    await hands.restore()
    hands.appendAnchor({ keys })
    expect((await faultOf('anchors'))[0]).toContain('a signed checkpoint')
  })

  test("an anchor of another origin on it, and a checkpoint of one in a witness's file", async () => {
    const checkpoint = await hands.forge(60, 'elsewhere')
    hands.appendAnchor({ checkpoint, keys: `${ledger.signer.key.text}\n` })
    expect(await faultOf('anchors')).toEqual([
      expect.stringMatching(
        /^anchor [0-9a-f]{12} \(60 events\): origin: expected test-instance, found elsewhere$/,
      ),
    ])
    await hands.restore()
    const text = `${await hands.noteOf(60)}\n${checkpoint}\n`
    expect(await faultOf('witnesses', { witnesses: [{ name: 'siem', text }] })).toEqual([
      'witness siem (60 events): origin: expected test-instance, found elsewhere',
    ])
  })

  const blob = (text: string) => ledger.git(['hash-object', '-w', '--stdin'], text)
  const links = (count: number) =>
    Array.from({ length: count }, (_, n) => `160000 commit ${'a'.repeat(40)}\t${n}\n`).join('')
  /** A commit on top whose tree has this beside, or in the place of, what its parent holds. */
  const top = (name: string, entry: string, message = 'anchor') => {
    const [parent = ''] = ledger.anchors.slice(-1)
    const kept = ledger.git(['ls-tree', parent]).split('\n')
    const tree = [...kept.filter((line) => !line.endsWith(`\t${name}`)), `${entry}\t${name}`]
    const sha = ledger.git(['mktree', '--missing'], `${tree.join('\n')}\n`)
    ledger.point('gitsudo-ledger', ledger.git(['commit-tree', sha, '-p', parent], message))
  }
  const folder = (lines: string) => `040000 tree ${ledger.git(['mktree', '--missing'], lines)}`
  const file = (text: string) => `100644 blob ${blob(text)}`
  const unsigned = () => {
    const text = rotationText({ origin: 'test-instance', key: ledger.signer.key })
    return `${file(`${text}\n— test-instance AAAA\n`)}\t1\n`
  }
  const noCheckpoint = /anchor [0-9a-f]{12}: .*a signed checkpoint/
  const noRotation = /a rotation that does not lead to a trusted key/
  test.each([
    ['a folder for its checkpoint', 'checkpoint', () => folder(links(1)), noCheckpoint],
    ['a submodule for it', 'checkpoint', () => `160000 commit ${'a'.repeat(40)}`, noCheckpoint],
    ['one of 2 MB', 'checkpoint', () => file('x'.repeat(2_000_000)), noCheckpoint],
    ['a rotation to its own key that nobody signed', 'rotations', () => folder(unsigned()), noRotation],
    ['a submodule for a rotation', 'rotations', () => folder(links(1)), noRotation],
    ['one of 2 MB', 'rotations', () => folder(`${file('x'.repeat(2_000_000))}\t1\n`), noRotation],
    ['more rotations than are read', 'rotations', () => folder(links(50_001)), noRotation],
  ])('with %s (%s), hides nothing else', async (_, name, entry, said) => {
    top(name, entry())
    expect(await faultOf('anchors')).toContainEqual(expect.stringMatching(said))
    await hands.edit("update audit_events set type = 'grant.issued' where seq = 3")
    expect(await fault()).toMatchObject({ seq: 3, what: 'type' })
  })

  test('with a message that is too long to be read', async () => {
    top('other', file('x'), 'x'.repeat(2_000_000))
    expect(await faultOf('anchors')).toContainEqual(expect.stringContaining('its parents are none'))
  })

  test('with a folder for its keys publishes none', async () => {
    top('keys', folder(links(1)))
    expect((await verify()).exit).toBe(0)
  })
})
