import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import { consistencyRanges, createTree, inclusionRanges, rootsOf } from '../../app/audit/merkle.ts'
import { signNote } from '../../app/audit/note.ts'
import { proofText } from '../../app/audit/proof.ts'
import { openDatabase } from '../../app/store/database.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { testEvent } from '../support/events.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sealEvents } from '../support/sealed.ts'

/** Other people's signed notes and Merkle trees, in Go (test/interop), on what ours writes. */
const folder = fileURLToPath(new URL('../interop', import.meta.url))
const ours = noteSigner('acme.example')

const bodies = Array.from({ length: 70 }, (_, n) => Buffer.from(`{"n":${n},"reason":"schlüssel 🔑"}`))
const leaves = bodies.map(leafHash)

const checkpointOf = (size: number) => {
  const tree = createTree()
  let head = originHead(ours.key.name)
  for (const [index, leaf] of leaves.slice(0, size).entries()) {
    tree.push(leaf)
    head = linkHash(head, index + 1, leaf)
  }
  return signNote(checkpointText({ origin: ours.key.name, size, root: tree.root(), head }), [
    ours,
    noteSigner('witness.example'),
  ])
}
const proofOf = async (seq: number, size: number) =>
  proofText({
    body: bodies[seq - 1] ?? Buffer.alloc(0),
    seq,
    path: await rootsOf(inclusionRanges(seq - 1, size), leaves),
    checkpoint: checkpointOf(size),
    rotations: [],
  })
const consistencyOf = async (before: number, size: number) => ({
  before: checkpointOf(before),
  after: checkpointOf(size),
  path: (await rootsOf(consistencyRanges(before, size), leaves)).map((root) =>
    Buffer.from(root).toString('hex'),
  ),
})
const sizes = [1, 2, 3, 7, 8, 13, 64, 70]

const verified = (given: object) => {
  const { status, stdout, stderr } = spawnSync('go', ['run', '-mod=readonly', '.'], {
    cwd: folder,
    input: JSON.stringify({ key: ours.key.text, proofs: [], consistency: [], ...given }),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return { status, said: stdout + stderr }
}

let proofs: string[]
let consistency: Awaited<ReturnType<typeof consistencyOf>>[]
beforeAll(async () => {
  // Apart, for it tells of each module that it has to fetch.
  execFileSync('go', ['mod', 'download'], { cwd: folder, stdio: 'ignore' })
  const pairs = sizes
    .flatMap((size) => sizes.map((other) => [other, size] as const))
    .filter(([a, b]) => a <= b)
  const within = sizes.flatMap((size) =>
    Array.from({ length: size }, (_, index) => [index + 1, size] as const),
  )
  proofs = await Promise.all(within.map(([seq, size]) => proofOf(seq, size)))
  consistency = await Promise.all(pairs.map(([before, size]) => consistencyOf(before, size)))
})

test('checkpoints, inclusion and consistency proofs are verified by golang.org/x/mod and transparency-dev/merkle', () => {
  expect(verified({ proofs, consistency })).toEqual({ status: 0, said: '168 inclusions, 36 consistencies\n' })
})

test('and are refused when altered', async () => {
  const [proof = ''] = proofs.slice(-1)
  const other = await consistencyOf(13, 64)
  for (const given of [
    { key: noteSigner('acme.example').key.text, proofs: [proof] },
    { proofs: [proof.replace('\n70\n', '\n69\n')] },
    { proofs: [proof.replace(/^index \d+$/m, 'index 3')] },
    { proofs: [proof.replace(/^extra ./m, 'extra f')] },
    { consistency: [{ ...other, path: other.path.toReversed() }] },
    { consistency: [{ ...other, before: checkpointOf(14) }] },
  ])
    expect(verified(given)).toMatchObject({ status: 1 })
})

test('what the command itself prints is verified in the same way, from the database and from its export', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-interop-'))
  const postgres = await createTestDatabase()
  const database = await openDatabase(postgres.appUrl)
  const origin = ours.key.name
  const main = fileURLToPath(new URL('../../app/main.ts', import.meta.url))
  const gitsudo = (...args: readonly string[]) =>
    execFileSync(process.execPath, [main, 'audit', ...args], {
      encoding: 'utf8',
      env: { ...process.env, GITSUDO_DATABASE_URL: postgres.appUrl, GITSUDO_INSTANCE: origin },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  try {
    const sealed = async (from: number, to: number) => {
      const events = Array.from({ length: to - from }, (_, index) => testEvent(from + index))
      await sealEvents(database, origin, events)
      return checkpointNow(database, ours)
    }
    const held = await sealed(0, 40)
    await sealed(40, 64)
    await sealed(64, 77)
    const file = join(dir, 'ledger.jsonl')
    gitsudo('export', '--output', file)
    const printed = (...from: readonly string[]) => ({
      proofs: ['1', '41', '77'].map((seq) => gitsudo('prove', '--seq', seq, ...from)),
      grown: ['64', '77'].map((to) => ({
        held,
        proof: gitsudo('prove', '--from', '40', '--to', to, ...from),
      })),
    })
    const whole = printed()
    expect(verified(whole)).toEqual({ status: 0, said: '3 inclusions, 2 consistencies\n' })
    expect(printed('--export', file)).toEqual(whole)

    const [, last = { held, proof: '' }] = whole.grown
    for (const grown of [
      { held: checkpointOf(40), proof: last.proof },
      { held, proof: last.proof.replace('old 40', 'old 41') },
      { held, proof: last.proof.replace(/\n.*\n/, '\n') },
    ])
      expect(verified({ grown: [grown] })).toMatchObject({ status: 1 })
  } finally {
    await database.close()
    await postgres.drop()
    await rm(dir, { recursive: true, force: true })
  }
})
