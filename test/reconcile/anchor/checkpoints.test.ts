import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { leafHash, linkHash, originHead } from '../../../app/audit/chain.ts'
import { checkpointText, readCheckpoint } from '../../../app/audit/checkpoint.ts'
import { createTree } from '../../../app/audit/merkle.ts'
import { openNote, signNote } from '../../../app/audit/note.ts'
import { rotationNote, rotationText, trustedKeys } from '../../../app/audit/rotation.ts'
import { openDatabase } from '../../../app/store/database.ts'
import { readCheckpoints, readRotations } from '../../../app/store/ledger/checkpoints.ts'
import { withClient } from '../../support/client.ts'
import { instance, newSigner, openStage, type Stage } from './stage.ts'

let t: Stage
beforeEach(async () => {
  t = await openStage()
})
afterEach(() => t.close())

/** Every stored checkpoint, computed anew from the events' bytes; answers their sizes. */
const consistent = async (): Promise<readonly number[]> => {
  const database = await openDatabase(t.postgres.appUrl)
  const sizes: number[] = []
  try {
    const { rows } = await t.owner('select body from audit_events order by seq')
    const tree = createTree()
    let head: Uint8Array = originHead(instance)
    const due = new Map<number, { root: Uint8Array; head: Uint8Array }>()
    for (const { body } of rows as readonly { body: Buffer }[]) {
      const leaf = leafHash(body)
      tree.push(leaf)
      head = linkHash(head, tree.size, leaf)
      due.set(tree.size, { root: tree.root(), head })
    }
    for await (const { size, note } of readCheckpoints(database)) {
      const { text, signedBy } = openNote(note, [t.signer.key])
      expect(signedBy).toEqual([t.signer.key])
      const found = readCheckpoint(text)
      expect(found.origin).toBe(instance)
      expect(found.size).toBe(size)
      expect([Buffer.from(found.root), Buffer.from(found.head)]).toEqual([
        Buffer.from(due.get(size)?.root ?? []),
        Buffer.from(due.get(size)?.head ?? []),
      ])
      sizes.push(size)
    }
  } finally {
    await database.close()
  }
  return sizes
}

describe('checkpoints', () => {
  test('none of an empty ledger; the first with the first event; then every 10 s while events come', async () => {
    const one = await t.replica()
    expect(await one.checkpoints.make('due')).toBeUndefined()
    for (let second = 0; second < 30; second += 1) {
      await one.seal()
      await one.checkpoints.make('due')
      t.clock.advance(1_000)
    }
    expect(await consistent()).toEqual([1, 11, 21])
    t.clock.advance(60_000)
    expect(await one.checkpoints.make('due')).toMatchObject({ size: 30 })
    expect(await one.checkpoints.make('now')).toBeUndefined()
  })

  test('at once when told to, and when something urgent came', async () => {
    const one = await t.replica()
    await one.seal()
    await one.checkpoints.make('due')
    await one.seal()
    expect(await one.checkpoints.make('due')).toBeUndefined()
    expect(await one.checkpoints.make('now')).toMatchObject({ size: 2 })
    await one.seal(1, 'policy.overridden')
    expect(await one.checkpoints.make('due')).toMatchObject({ size: 3 })
  })

  test('of four replicas one makes each, and whoever starts goes on where others left off', async () => {
    const replicas = await Promise.all([t.replica(), t.replica(), t.replica(), t.replica()])
    let made = 0
    for (let round = 0; round < 12; round += 1) {
      await replicas[round % 4]?.seal(1 + (round % 5))
      const answers = await Promise.all(replicas.map(({ checkpoints }) => checkpoints.make('due')))
      const those = answers.filter((answer) => answer !== undefined)
      expect(those.length).toBeLessThanOrEqual(1)
      made += those.length
      t.clock.advance(10_000)
    }
    expect(await consistent()).toHaveLength(made)
    const late = await t.replica()
    await late.seal(2)
    expect(await late.checkpoints.make('due')).toMatchObject({ size: 35 })
    await consistent()
    expect(t.alerts()).toEqual([])
  })
})

describe('nothing that contradicts a stored checkpoint is signed', () => {
  const started = async () => {
    const one = await t.replica()
    await one.seal(5)
    await one.checkpoints.make('now')
    await one.seal(3)
    return one
  }
  const ofOurs = (size: number) => {
    const [root, head] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    return signNote(checkpointText({ origin: instance, size, root, head }), [t.signer])
  }
  test.each<[string, string | (() => string)]>([
    ['an event before it was altered', 'update audit_events set leaf = sha256(leaf) where seq = 3'],
    ['an event after it was altered', 'update audit_events set leaf = sha256(leaf) where seq = 7'],
    ['an event before it is gone', 'delete from audit_events where seq = 2'],
    ['an event after it is gone', 'delete from audit_events where seq = 7'],
    ['events were cut off', 'delete from audit_events where seq > 3'],
    [
      'a checkpoint of ours over more events than there are',
      () => `insert into checkpoints values (99, '${ofOurs(99)}', now())`,
    ],
    ['a checkpoint of ours over another ledger', () => `update checkpoints set note = '${ofOurs(5)}'`],
  ])('%s', async (_, statement) => {
    await started()
    await t.owner(typeof statement === 'string' ? statement : statement())
    const other = await t.replica()
    expect(await other.checkpoints.make('now')).toBeUndefined()
    expect(await other.checkpoints.make('now')).toBeUndefined()
    expect(t.alerts()).toEqual(['checkpoint.refused'])
    t.clock.advance(60_000)
    await other.checkpoints.make('now')
    expect(t.alerts()).toEqual(['checkpoint.refused', 'checkpoint.refused'])
  })

  test('an event was altered and is put back, with everything since cut off: a replica that starts goes on', async () => {
    const one = await started()
    const leaf = (await t.owner('select leaf from audit_events where seq = 7')).rows[0].leaf.toString('hex')
    await t.owner('update audit_events set leaf = sha256(leaf) where seq = 7')
    for (let hour = 1; hour <= 3; hour += 1) {
      await one.seal(4)
      t.clock.advance(3_600_000)
      expect(await one.checkpoints.make('now')).toBeUndefined()
    }
    expect(t.alerts()).toEqual(Array(3).fill('checkpoint.refused'))
    await t.owner(`update audit_events set leaf = '\\x${leaf}' where seq = 7`)
    await t.owner('delete from audit_events where seq > 8')
    const other = await t.replica()
    expect(await other.checkpoints.make('now')).toMatchObject({ size: 8 })
    expect(t.alerts()).toHaveLength(3)
  })

  test.each([
    ['one of ours under another size', 'update checkpoints set size = 4'],
    [
      'one that was altered',
      `update checkpoints set note = replace(note, substring(note from '\\n5\\n(....)'), 'AAAA')`,
    ],
    ['what is no note', "update checkpoints set note = 'x'"],
  ])('%s is passed over, which alerts', async (_, statement) => {
    await started()
    await t.owner(statement)
    const other = await t.replica()
    expect(await other.checkpoints.make('now')).toMatchObject({ size: 8 })
    expect(t.alerts()).toContain('checkpoint.refused')
  })

  test('every checkpoint vanished under a running replica', async () => {
    const one = await started()
    await t.owner('delete from checkpoints')
    expect(await one.checkpoints.make('now')).toBeUndefined()
    expect(t.alerts()).toEqual(['checkpoint.refused'])
  })

  test('the newest checkpoint vanished under a running replica', async () => {
    const one = await started()
    await one.checkpoints.make('now')
    await t.owner('delete from checkpoints where size > 5')
    await one.seal()
    expect(await one.checkpoints.make('now')).toBeUndefined()
    expect(t.alerts()).toEqual(['checkpoint.refused'])
  })
})

describe('rotation of the signing key', () => {
  const next = newSigner()
  const third = newSigner()
  const keysOf = (note: string, ...keys: readonly ReturnType<typeof newSigner>[]) =>
    openNote(
      note,
      keys.map(({ key }) => key),
    ).signedBy.map(({ id }) => id)

  test('old and new sign; the old one introduces the new one; from the first key all is trusted', async () => {
    const one = await t.replica()
    await one.seal()
    await one.checkpoints.make('now')
    for (const signers of [[t.signer, next], [next, t.signer], [next], [next, third], [third]]) {
      const two = await t.replica(signers)
      await two.seal()
      const made = await two.checkpoints.make('now')
      expect(keysOf(made?.note ?? '', t.signer, next, third).sort()).toEqual(
        signers.map(({ key }) => key.id).sort(),
      )
    }
    const rotations = await readRotations(one.database)
    expect(rotations).toHaveLength(2)
    expect(trustedKeys([t.signer.key], rotations).map(({ id }) => id)).toEqual([
      t.signer.key.id,
      next.key.id,
      third.key.id,
    ])
    for await (const { note } of readCheckpoints(one.database))
      expect(openNote(note, trustedKeys([t.signer.key], rotations)).signedBy).not.toEqual([])
    expect(t.alerts()).toEqual([])
  })

  test('before the first checkpoint the key in use introduces the others', async () => {
    const two = await t.replica([t.signer, next])
    await two.seal()
    await two.checkpoints.make('now')
    expect(trustedKeys([t.signer.key], await readRotations(two.database))).toHaveLength(2)
  })

  test('a key that nobody introduces alerts, and what it signs is not trusted from the first key', async () => {
    const one = await t.replica()
    await one.seal()
    await one.checkpoints.make('now')
    const two = await t.replica([next])
    await two.seal()
    const made = await two.checkpoints.make('now')
    expect(t.alerts()).toEqual(['checkpoint.refused', 'checkpoint.key_unknown'])
    expect(
      openNote(made?.note ?? '', trustedKeys([t.signer.key], await readRotations(two.database))).signedBy,
    ).toEqual([])
  })

  test('what others store as rotations is neither published nor taken for an introduction', async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    const stranger = newSigner()
    const text = rotationText({ origin: instance, key: next.key })
    for (const note of [
      'x',
      `${text}\n— x AAAA\n`,
      rotationNote(stranger, newSigner()),
      signNote(text, [stranger]),
    ])
      await withClient(t.postgres.appUrl, async (client) => {
        await client.query("set gitsudo.announced = 'yes'")
        await client.query('insert into key_rotations (note) values ($1)', [note])
      })
    t.clock.advance(61_000)
    const two = await t.replica([t.signer, next])
    await two.seal()
    await two.turn()
    const files = t.branch.at(t.branch.tips().at(-1) ?? '')
    expect([...files.keys()].toSorted()).toEqual(['checkpoint', 'keys', 'rotations/1'])
    expect(trustedKeys([t.signer.key], [files.get('rotations/1') ?? ''])).toHaveLength(2)
  })

  test('anchors carry the keys and the rotations', async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    const two = await t.replica([next, t.signer])
    t.clock.advance(61_000)
    await two.seal()
    await two.turn()
    const files = t.branch.at(t.branch.tips().at(-1) ?? '')
    expect(files.get('keys')).toBe(`${t.signer.key.text}\n${next.key.text}\n`)
    expect(trustedKeys([t.signer.key], [files.get('rotations/1') ?? ''])).toHaveLength(2)
    expect(two.anchorer.doubt()).toBeUndefined()
  })
})
