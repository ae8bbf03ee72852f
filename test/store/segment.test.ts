import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openNote, signNote } from '../../app/audit/note.ts'
import { rotationNote } from '../../app/audit/rotation.ts'
import { verifySegments } from '../../app/audit/segment.ts'
import { signEvent, signingKeyId } from '../../app/audit/signature.ts'
import { putCheckpoint, putRotation } from '../../app/store/ledger/checkpoints.ts'
import { exportSegment } from '../../app/store/ledger/export-segment.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { withClient } from '../support/client.ts'
import { anotherDatabase, database, databaseEach, postgres } from '../support/database-each.ts'
import { decidedEvent, testEvent } from '../support/events.ts'
import { sealEvents } from '../support/sealed.ts'

const origin = 'test-instance'
const signer = noteSigner(origin)
databaseEach()

const owner = (statement: string) =>
  withClient(postgres.ownerUrl, async (client) => {
    await client.query("set gitsudo.announced = 'yes'")
    return client.query(statement)
  })

let made = 0
const seal = (count: number) => {
  const events = Array.from({ length: count }, () => {
    const n = made++
    const input = { digest: hash('sha256', `{"n":${n % 5}}`), bytes: Buffer.from(`{"n":${n % 5}}`) }
    return n % 3 === 0 ? ([decidedEvent(n), [input]] as const) : testEvent(n)
  })
  return sealEvents(database, origin, events)
}

async function segment(
  until: number,
  since?: number,
  keys: readonly string[] = [signer.key.text],
): Promise<string[]> {
  let text = ''
  await exportSegment(database, origin, {
    keys,
    until,
    ...(since !== undefined && { since }),
    write: async (more) => {
      text += more
    },
  })
  return text.trimEnd().split('\n')
}

const verify = (
  given: Readonly<Record<string, readonly string[]>> | readonly (readonly string[])[],
  keys = [signer.key],
) =>
  verifySegments(
    Object.entries(given).map(([file, lines]) => ({
      file,
      lines: async function* () {
        yield* lines
      },
    })),
    keys,
  )
const faultsOf = async (given: Parameters<typeof verify>[0], keys = [signer.key]) => {
  const { segments, faults } = await verify(given, keys)
  return [...segments.flatMap(({ file, faults: own }) => own.map((one) => `${file}: ${one}`)), ...faults]
}

/** Four months of a ledger, with a checkpoint in the middle of the second and another key from the third on. */
async function months() {
  await seal(6)
  await checkpointNow(database, signer, 1_000)
  await seal(3)
  await checkpointNow(database, signer, 1_500)
  await seal(4)
  await checkpointNow(database, signer, 2_000)
  const next = noteSigner(origin)
  await database.transaction((tx) => putRotation(tx, rotationNote(signer, next)))
  await seal(1)
  await checkpointNow(database, next, 3_000)
  await seal(17)
  await checkpointNow(database, next, 4_000)
  await seal(2)
  return {
    a: await segment(1_200),
    b: await segment(2_200, 1_200),
    c: await segment(3_200, 2_200),
    d: await segment(4_200, 3_200),
  }
}

describe('segments', () => {
  test('verify alone and in a row, whatever lies between; all of it is one, too', async () => {
    const row = await months()
    const bounds = (await verify(row)).segments.map(({ first, last }) => [first, last])
    expect(bounds).toEqual([
      [1, 6],
      [7, 13],
      [14, 14],
      [15, 31],
    ])
    expect(await faultsOf(row)).toEqual([])
    for (const [name, lines] of Object.entries(row)) expect(await faultsOf({ [name]: lines })).toEqual([])
    expect(await faultsOf({ whole: await segment(4_200) })).toEqual([])
    expect(await faultsOf({ whole: await segment(2_200), c: row.c, d: row.d })).toEqual([])
  })

  test('missing, doubled, reordered and overlapping ones are named', async () => {
    const { a, b, c, d } = await months()
    expect(await faultsOf({ a, c, d })).toEqual(['Events 7 to 13 are missing between a and c'])
    expect(await faultsOf({ a, b, again: b, c })).toEqual(['b and again are the same segment twice'])
    expect(await faultsOf({ a, c, b, d })).toEqual([
      'Events 7 to 13 are missing between a and c',
      'c and b are in the wrong order',
      'Events 14 to 14 are missing between b and d',
    ])
    expect(await faultsOf({ whole: await segment(2_200), b })).toEqual([
      'whole and b overlap: both have event 7',
    ])
  })

  test('of another ledger, or of one that went another way, does not fit', async () => {
    const { a, b } = await months()
    await anotherDatabase()
    made = 1_000
    const { b: other } = await months()
    expect(await faultsOf({ a, b: other })).toEqual(['b goes on from another event 6 than a ends with'])
    expect(await faultsOf({ a, b: [(b[0] ?? '').replace(origin, 'acme'), ...b.slice(1)] })).toContain(
      'a and b are of two ledgers, test-instance and acme',
    )
  })

  test('altered anywhere it is named', async () => {
    const { b } = await months()
    const at = (start: string) => b.findIndex((line) => line.startsWith(start))
    const header = (change: (bounds: Record<string, unknown>) => object) => {
      const { segment: bounds, ...rest } = JSON.parse(b[0] ?? '')
      return b.with(0, JSON.stringify({ ...rest, segment: { ...bounds, ...change(bounds) } }))
    }
    const zero = '0'.repeat(64)
    const bounds = JSON.parse(b[0] ?? '').segment
    for (const [altered, said] of [
      [b.with(at('{"seq":9'), (b[at('{"seq":9')] ?? '').replace('alice', 'malice')), 'event 9: leaf'],
      [b.toSpliced(at('{"seq":9'), 1), 'event 9: seq'],
      [b.toSpliced(at('{"seq":7,'), 1), 'event 7: seq'],
      [b.slice(0, at('{"seq":13')), 'does not end with a checkpoint'],
      [b.slice(0, -1), 'does not end with a checkpoint'],
      [b.filter((line) => !line.startsWith('{"evidence"')), 'evidence'],
      [header(() => ({ head: zero })), 'chain'],
      [header(() => ({ peaks: [zero, zero] })), 'root'],
      [header(() => ({ before: undefined })), 'does not say what it goes on from'],
      [header(() => ({ last: 14 })), 'does not end with a checkpoint'],
      [header(() => ({ first: 1, before: undefined, peaks: [] })), 'event 1: seq'],
      [header(() => ({ before: (bounds.before as string).replace('\n6\n', '\n5\n') })), 'signature'],
    ] as const)
      expect((await faultsOf({ b: altered })).join()).toContain(said)
    await expect(verify({ b: header(() => ({ peaks: [] })) })).rejects.toThrow('has 2 peaks, not 0')
    expect((await faultsOf({ b }, [noteSigner(origin).key])).join()).toContain(
      'one of the keys that are trusted',
    )
  })

  test('a key of another ledger vouches for nothing', async () => {
    const other = noteSigner('another')
    const signed = signEvent(testEvent(900, { type: 'ledger.restored' }), {
      ...other,
      id: signingKeyId(other.key.publicKey),
    })
    await sealEvents(database, origin, [signed])
    await checkpointNow(database, signer, 1_000)
    const lines = await segment(1_200, undefined, [])
    expect(await faultsOf({ lines })).toEqual(['lines: event 1: data.sig is not as it has to be'])
    expect(await faultsOf({ lines }, [signer.key, other.key])).toEqual(await faultsOf({ lines }))
    expect(await faultsOf({ lines }, [other.key])).toContain(
      'lines: none of the keys given is of test-instance',
    )
    const keys = [signer.key.text, other.key.text]
    await expect(segment(1_200, undefined, keys)).rejects.toMatchObject({ code: 'tampered' })
    await expect(segment(1_200, undefined, keys.slice(1))).rejects.toMatchObject({
      code: 'keys_of_others',
    })
  })

  test('re-chained without the key it is named, by its end and by its beginning', async () => {
    const { b, c } = await months()
    const forged = noteSigner(origin)
    await anotherDatabase()
    made = 500
    await seal(6)
    await checkpointNow(database, forged, 1_000)
    await seal(7)
    await checkpointNow(database, forged, 2_000)
    const faults = (await faultsOf({ b: await segment(2_200, 1_200, []), c })).join()
    expect(faults).toContain('b: checkpoint of 6')
    expect(faults).toContain('c goes on from another event 13 than b ends with')
    expect(await faultsOf({ b, c })).toEqual([])
  })
})

describe('sealing', () => {
  test('with the key, ends at checkpoints of its own, whatever else is stored', async () => {
    await seal(3)
    await checkpointNow(database, signer, 1_000)
    await seal(3)
    await checkpointNow(database, noteSigner(origin), 1_100)
    await database.transaction((tx) => putCheckpoint(tx, { size: 9_999, note: 'x', madeAt: 1_200 }))
    const lines = await segment(2_000)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ segment: { first: 1, last: 3 } })
    expect(await faultsOf({ lines })).toEqual([])
  })

  test('leaves out what lies among its checkpoints and rotations and is none of the ledger’s', async () => {
    const { b } = await months()
    const ofNine: string = JSON.parse(
      b.find((line) => line.includes(`{"checkpoint":"${origin}\\n9\\n`)) ?? '',
    ).checkpoint
    const forged = signNote(openNote(ofNine, []).text.replace('\n9\n', '\n12\n'), [noteSigner(origin)])
    for (const [size, note] of [
      [8, 'x'],
      [10, ofNine],
      [11, ofNine.replace(origin, 'acme')],
      [12, forged],
    ] as const)
      await database.transaction((tx) => putCheckpoint(tx, { size, note, madeAt: 1_600 }))
    await database.transaction((tx) => putRotation(tx, 'x'))
    expect(await segment(2_200, 1_200)).toEqual(b)

    // Without a key nobody can tell that one of them is forged.
    await expect(segment(2_200, 1_200, [])).rejects.toMatchObject({ code: 'tampered' })
    await owner('delete from checkpoints where size = 12')
    expect(await segment(2_200, 1_200, [])).toEqual(b.filter((line) => !line.startsWith('{"key"')))
  })

  test('needs a checkpoint over new events', async () => {
    await expect(segment(1_000)).rejects.toMatchObject({ code: 'nothing_to_seal' })
    await seal(2)
    await expect(segment(1_000)).rejects.toMatchObject({ code: 'nothing_to_seal' })
    await checkpointNow(database, signer, 1_000)
    await expect(segment(999)).rejects.toMatchObject({ code: 'nothing_to_seal' })
    await expect(segment(2_000, 1_000)).rejects.toMatchObject({ code: 'nothing_to_seal' })
    expect(await faultsOf({ a: await segment(1_000) })).toEqual([])
  })

  test.each([
    'delete from audit_events where seq = 2',
    'delete from audit_events where seq = 8',
    'delete from audit_events where seq > 8',
    "update audit_events set leaf = sha256('') where seq = 2",
    "update audit_events set body = convert_to(replace(convert_from(body, 'UTF8'), 'alice', 'malice'), 'UTF8') where seq = 8",
    "update audit_events set chain = sha256('') where seq = 9",
    "update audit_events set chain = sha256('') where seq = 7",
    'delete from evidence',
    "update evidence set bytes = 'x'",
  ])('refuses a ledger that does not lead to its checkpoints: %s', async (statement) => {
    await seal(4)
    await checkpointNow(database, signer, 1_000)
    await seal(5)
    await checkpointNow(database, signer, 2_000)
    await owner(statement)
    await expect(segment(2_000, 1_000)).rejects.toMatchObject({ code: 'tampered' })
  })
})
