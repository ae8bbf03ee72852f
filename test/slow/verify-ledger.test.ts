import { execFileSync, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { checkpointText, readCheckpoint } from '../../app/audit/checkpoint.ts'
import { foreignEvent } from '../../app/audit/foreign.ts'
import { openNote, signNote } from '../../app/audit/note.ts'
import { rotationNote } from '../../app/audit/rotation.ts'
import { openDatabase } from '../../app/store/database.ts'
import { putRotation } from '../../app/store/ledger/checkpoints.ts'
import { exportLedger } from '../../app/store/ledger/export.ts'
import { exportSegment } from '../../app/store/ledger/export-segment.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { withClient } from '../support/client.ts'
import { decidedEvent, testEvent } from '../support/events.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sealEvents } from '../support/sealed.ts'

/** docs/verify-ledger.py on a real export, and on what somebody made of it. */
const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
const origin = 'test-instance'
const first = noteSigner(origin)
const second = noteSigner(origin)
const stranger = noteSigner(origin)
const neighbour = noteSigner('another-instance')

let dir = ''
let python = ''
let lines: string[]
let witness = ''
let later = ''
let segments: (readonly string[])[]
/** With a row of another hand, which is on record as that. */
const foreign: { readonly segment: readonly string[]; readonly whole: readonly string[] }[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-python-'))
  execFileSync('python3', ['-m', 'venv', join(dir, 'venv')])
  python = join(dir, 'venv', 'bin', 'python')
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', docs('requirements.txt')])

  const postgres = await createTestDatabase()
  const database = await openDatabase(postgres.appUrl)
  try {
    const input = (n: number) => ({ digest: hash('sha256', `{"n":${n}}`), bytes: Buffer.from(`{"n":${n}}`) })
    const seal = (from: number, to: number) =>
      sealEvents(
        database,
        origin,
        Array.from({ length: to - from }, (_, index) => {
          const n = from + index
          const event = testEvent(n)
          return n % 3 === 0
            ? ([decidedEvent(n), [input(n), input(0)]] as const)
            : { ...event, data: { ...event.data, reason: `schlüssel\u2028 🔑 "${n}"` } }
        }),
      )
    await seal(0, 40)
    witness = await checkpointNow(database, first, 1_000)
    await seal(40, 77)
    await database.transaction((tx) => putRotation(tx, rotationNote(first, second)))
    await checkpointNow(database, second, 2_000)
    await seal(77, 80)
    const exported = async () => {
      let text = ''
      await exportLedger(database, origin, {
        keys: [first.key.text],
        write: async (more) => {
          text += more
        },
      })
      return text.trimEnd().split('\n')
    }
    lines = await exported()
    await seal(80, 90)
    later = await checkpointNow(database, second, 3_000)
    const sealed = async (since: number, until: number) => {
      let made = ''
      await exportSegment(database, origin, {
        keys: [],
        ...(since > 0 && { since }),
        until,
        write: async (more) => {
          made += more
        },
      })
      return made.trimEnd().split('\n')
    }
    segments = [await sealed(0, 1_000), await sealed(1_000, 2_000), await sealed(2_000, 3_000)]
    const decided = decidedEvent(91)
    const absent = { ...decided, data: { ...decided.data, evidence: [hash('sha256', 'absent')] } }
    for (const [at, body] of [
      [4_000, Buffer.from([0xff])],
      [5_000, bodyOf(absent)],
    ] as const) {
      await append(postgres.appUrl, body)
      await seal(at, at + 1)
      await checkpointNow(database, second, at)
      foreign.push({ segment: await sealed(at - 1_000, at), whole: await exported() })
    }
  } finally {
    await database.close()
    await postgres.drop()
  }
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** What the service's role can put behind the last row. */
const append = (url: string, body: Uint8Array) =>
  withClient(url, async (client) => {
    const { rows } = await client.query('select seq::int, chain from audit_events order by seq desc limit 1')
    const [{ seq, chain }] = rows
    const leaf = leafHash(body)
    await client.query(
      `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id)
       select $1, $2, $3, $4, type, at, actor_kind, actor_id from audit_events where seq = 1`,
      [seq + 1, body, leaf, linkHash(chain, seq + 1, leaf)],
    )
  })

/** Each of what is held in a file of its own. */
async function verify(given: readonly string[], key = first.key.text, held: readonly string[] = []) {
  const file = join(dir, 'export.jsonl')
  await writeFile(file, given.map((line) => `${line}\n`).join(''))
  const files = held.map((_, index) => join(dir, `held-${index}`))
  for (const [index, note] of held.entries()) await writeFile(files[index] ?? '', note)
  return ran([file, key, ...files])
}
function ran(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(python, [docs('verify-ledger.py'), ...args], {
    encoding: 'utf8',
    input,
  })
  return { status, said: stdout + stderr }
}

const at = (seq: number) => lines.findIndex((line) => line.startsWith(`{"seq":${seq},`))
const changed = (index: number, change: (line: string) => string) =>
  lines.with(index, change(lines[index] ?? ''))
const checkpoints = () => lines.flatMap((line, index) => (line.startsWith('{"checkpoint"') ? [index] : []))

test('a real export holds, under its key and with the checkpoints that somebody kept', async () => {
  const whole = {
    status: 0,
    said: `${origin}: events up to 80 are intact; a signed checkpoint is over 77 of them\n`,
  }
  expect(await verify(lines)).toEqual(whole)
  const held = (count: number) => ({
    status: 0,
    said: whole.said.replace('\n', `; all ${count} that you hold agree\n`),
  })
  expect(await verify(lines, first.key.text, [witness])).toEqual(held(1))

  // Thousands of anchors: more than a command line takes, in one file, in folders of folders, or through a pipe.
  const file = join(dir, 'export.jsonl')
  const many = `${witness}\n`.repeat(40_000)
  expect(ran([file, first.key.text, '-'], many)).toEqual(held(40_000))
  await mkdir(join(dir, 'folder', 'deeper'), { recursive: true })
  for (const name of ['one', 'deeper/two'])
    await writeFile(join(dir, 'folder', name), `${witness}\n${witness}`)
  expect(ran([file, first.key.text, join(dir, 'folder')])).toEqual(held(4))
  for (const nothing of ['', 'a letter\n', `${witness}\na letter\n`])
    expect(ran([file, first.key.text, '-'], nothing)).toMatchObject({ status: 1 })

  // Somebody who knows the keys, and no rotation.
  const unrotated = lines.filter((line) => !line.startsWith('{"rotation"'))
  const both = `${second.key.text}\n${first.key.text}\n`
  await writeFile(join(dir, 'keys'), both)
  for (const keys of [both, join(dir, 'keys')]) expect(await verify(unrotated, keys)).toEqual(whole)
})

/** Every event again from the 5th on, altered, with a chain as it should be: what who holds the database can do. */
const rechained = () => {
  let chain = originHead(origin)
  return lines.map((line) => {
    if (!line.startsWith('{"seq"')) return line
    const { seq, body, ...rest } = JSON.parse(line)
    const other: string = seq < 5 ? body : body.replace('alice', 'malice')
    const leaf = leafHash(Buffer.from(other))
    chain = linkHash(chain, seq, leaf)
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    return JSON.stringify({ ...rest, seq, body: other, leaf: hex(leaf), chain: hex(chain) })
  })
}

/** With the sealer's word, behind all, on rows that it did not seal. */
const withForeign = () => {
  const bare = foreignEvent({ first: 61, last: 63 }, { before: '1', after: '2' }, testEvent(90).at)
  return withRow(JSON.stringify({ ...bare, data: { ...bare.data, sig: {} } }))
}
const withRow = (body: string) => {
  const last = JSON.parse(lines[at(80)] ?? '{}')
  const leaf = leafHash(Buffer.from(body))
  const chain = linkHash(Buffer.from(last.chain, 'hex'), 81, leaf)
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  return [...lines, JSON.stringify({ seq: 81, body, leaf: hex(leaf), chain: hex(chain) })]
}

const resigned = (signer: typeof neighbour) =>
  lines.map((line) => {
    if (!line.startsWith('{"checkpoint"')) return line
    const { checkpoint, ...rest } = JSON.parse(line)
    return JSON.stringify({ ...rest, checkpoint: signNote(openNote(checkpoint, []).text, [signer]) })
  })

const flip = (line: string) => line.replace(/[0-9a-f]{2}"}$/, (end) => (end === '00"}' ? '11"}' : '00"}'))
test.each<[what: string, () => Promise<{ said: string; status: number | null }>, said: string | RegExp]>([
  ['a body', () => verify(changed(at(30), (line) => line.replace('alice', 'malice'))), 'event 30: altered'],
  [
    'a body beside the one that is hashed',
    () => {
      const twice = (line: string) => {
        const { body, ...rest } = JSON.parse(line)
        return JSON.stringify({
          ...rest,
          body: body.replace('alice', 'malice'),
          base64: Buffer.from(body).toString('base64'),
        })
      }
      return verify(changed(at(30), twice))
    },
    'event 30: says two things',
  ],
  ['a link', () => verify(changed(at(30), flip)), 'event 30: not chained'],
  ['an event left out', () => verify(lines.toSpliced(at(30), 1)), 'event 30: found event 31'],
  [
    'an event twice',
    () => verify(lines.toSpliced(at(30), 0, lines[at(30)] ?? '')),
    'event 31: found event 30',
  ],
  [
    'events swapped',
    () => verify(lines.with(at(32), lines[at(33)] ?? '').with(at(33), lines[at(32)] ?? '')),
    'event 32: found',
  ],
  [
    'evidence left out',
    () => verify(lines.filter((line) => !line.includes(hash('sha256', '{"n":30}').concat('","bytes')))),
    'event 31: its evidence',
  ],
  [
    'evidence altered',
    () => verify(lines.map((line) => line.replace('"bytes":"{\\"n\\":30}', '"bytes":"{\\"n\\":31}'))),
    'event 31: its evidence',
  ],
  ['all of it, chained anew', () => verify(rechained()), 'event 40: its checkpoint differs'],
  [
    'the same without checkpoints',
    () => verify(rechained().filter((line) => !line.startsWith('{"checkpoint"'))),
    'no signed checkpoint',
  ],
  [
    'the same before whoever held one',
    () =>
      verify(
        rechained().filter((line) => !line.startsWith('{"checkpoint"')),
        undefined,
        [witness],
      ),
    'event 40: not as you hold it',
  ],
  [
    'events of another hand',
    () => verify(withForeign()),
    'events 61-63 are no events, or on record as not sealed by gitsudo',
  ],
  ['a linked row that is no event', () => verify(withRow('{}')), 'events 81 are no events'],
  [
    'a linked row nested without end',
    () => verify(withRow(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)),
    'events 81 are no events',
  ],
  ['the end cut off', () => verify(lines.slice(0, at(60)), undefined, [later]), 'these end at'],
  ['everything cut off', () => verify(lines.slice(0, 1), undefined, [witness]), 'these end at 0'],
  [
    'a checkpoint in another place',
    () =>
      verify(
        lines.toSpliced(checkpoints()[0] ?? 0, 1).toSpliced(at(60), 0, lines[checkpoints()[0] ?? 0] ?? ''),
      ),
    'its checkpoint differs',
  ],
  [
    'checkpoints by a trusted key of another ledger',
    () => verify(resigned(neighbour), `${first.key.text} ${neighbour.key.text}`),
    "not signed by this ledger's key",
  ],
  ['a checkpoint by a stranger', () => verify(lines, stranger.key.text), "not signed by this ledger's key"],
  [
    'a checkpoint altered',
    () => verify(changed(checkpoints()[0] ?? 0, (line) => line.replace('\\n40\\n', '\\n41\\n'))),
    'InvalidSignature',
  ],
  [
    'the rotation left out',
    () => verify(lines.filter((line) => !line.startsWith('{"rotation"'))),
    "over 77 events is not signed by this ledger's key",
  ],
  [
    'a rotation that only the new key signed',
    () =>
      verify(
        lines.map((line) =>
          line.startsWith('{"rotation"') ? JSON.stringify({ rotation: rotationNote(second, second) }) : line,
        ),
      ),
    'over 77 events is not signed',
  ],
  [
    "another instance's header",
    () => verify(lines.with(0, (lines[0] ?? '').replace(origin, 'other'))),
    'event 1: not chained',
  ],
  ['half a line', () => verify([...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, -20)]), 'does not hold'],
])('%s is found', async (_, tamper, said) => {
  const { status, said: found } = await tamper()
  expect(found).toContain(said)
  expect(status).toBe(1)
})

/** Its ids are 32 bits, which somebody can meet: a rotation under a trusted key's id, signed by its own key alone. */
test('no rotation takes the place of a key that is trusted', () => {
  const { text } = stranger.key
  const key = {
    ...stranger.key,
    id: first.key.id,
    text: text.replace(`+${stranger.key.id}+`, `+${first.key.id}+`),
  }
  const note = rotationNote({ ...stranger, key }, { ...stranger, key })
  const script = `
import base64, importlib.util, sys
spec = importlib.util.spec_from_file_location("verifier", sys.argv[1])
verifier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verifier)
def read_key(text):
    name, number, encoded = text.split("+", 2)
    return (name, bytes.fromhex(number)), base64.b64decode(encoded)[1:]
verifier.read_key = read_key
keys = dict([read_key(sys.argv[2])])
before = dict(keys)
verifier.trust([sys.stdin.read()], keys)
print("kept" if keys == before else "replaced")`
  const { stdout } = spawnSync(python, ['-c', script, docs('verify-ledger.py'), first.key.text], {
    input: note,
    encoding: 'utf8',
  })
  expect(stdout).toBe('kept\n')
})

test('segments hold, each alone', async () => {
  for (const [index, ends] of [40, 77, 90].entries())
    expect(await verify(segments[index] ?? [])).toEqual({
      status: 0,
      said: `${origin}: events up to ${ends} are intact; a signed checkpoint is over ${ends} of them\n`,
    })
  const held = (index: number, notes: readonly string[]) =>
    verify(segments[index] ?? [], first.key.text, notes)
  const agree = (said: string) => ({ status: 0, said: expect.stringContaining(`; all ${said}`) })
  expect(await held(2, [later])).toMatchObject(agree('1 that you hold agree\n'))
  // What is over exactly the events before is compared; what is over fewer is for the segments before.
  expect(await held(1, [witness])).toMatchObject(agree('1 that you hold agree\n'))
  expect(await held(2, [witness, later])).toMatchObject(
    agree('1 that you hold agree, but for 1 over earlier events\n'),
  )
  const { head, ...said } = readCheckpoint(openNote(witness, []).text)
  const other = signNote(checkpointText({ ...said, head, root: head }), [second])
  expect(await held(1, [other])).toMatchObject({
    status: 1,
    said: expect.stringContaining('event 40: not as'),
  })
  expect(await held(1, [later])).toMatchObject({
    status: 1,
    said: expect.stringContaining('these end at 77'),
  })
})

test('of a row of another hand it says the same of a segment as of an export', async () => {
  const [junk, unproven] = foreign
  for (const given of [junk?.segment, junk?.whole])
    expect(await verify(given ?? [])).toEqual({
      status: 1,
      said: 'does not hold: events 91, 91 are no events, or on record as not sealed by gitsudo\n',
    })
  for (const given of [unproven?.segment, unproven?.whole])
    expect(await verify(given ?? [])).toEqual({
      status: 1,
      said: `does not hold: event 95: its evidence ${hash('sha256', 'absent')} is missing or altered\n`,
    })
})

test.each<
  [
    what: string,
    (segment: readonly string[], header: Record<string, unknown>) => readonly string[],
    said: string,
  ]
>([
  ['its end left out', (segment) => segment.slice(0, -1), 'no signed checkpoint'],
  ['an event altered', (segment) => segment.map((line) => line.replace('alice', 'malice')), 'altered'],
  [
    'another head',
    (segment, header) => [
      JSON.stringify({ ...header, segment: { ...(header.segment as object), head: '0'.repeat(64) } }),
      ...segment.slice(1),
    ],
    'does not go on from its checkpoint',
  ],
  [
    'no peaks',
    (segment, header) => [
      JSON.stringify({ ...header, segment: { ...(header.segment as object), peaks: [] } }),
      ...segment.slice(1),
    ],
    'does not go on from its checkpoint',
  ],
  [
    'a later end',
    (segment, header) => [
      JSON.stringify({ ...header, segment: { ...(header.segment as object), last: 78 } }),
      ...segment.slice(1),
    ],
    'does not end with its checkpoint',
  ],
])('a segment with %s is found', async (_, tamper, said) => {
  const segment = segments[1] ?? []
  const { status, said: found } = await verify(tamper(segment, JSON.parse(segment[0] ?? '')))
  expect(found).toContain(said)
  expect(status).toBe(1)
})

test('what docs/ledger.md tells an auditor to type works as it stands', async () => {
  const page = await readFile(docs('ledger.md'), 'utf8')
  const blocks = [...page.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block = '']) =>
    block.replace(/^ {3}/gm, ''),
  )
  const clone = join(dir, 'clone')
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', clone, ...args])
  execFileSync('git', ['init', '--quiet', clone])
  git('config', 'user.email', 'gitsudo@example.test')
  git('config', 'user.name', 'gitsudo')
  for (const line of checkpoints().map((index) => lines[index] ?? '')) {
    await writeFile(join(clone, 'checkpoint'), JSON.parse(line).checkpoint)
    git('add', 'checkpoint')
    git('commit', '--quiet', '--message', 'Anchor')
  }
  // A merge with a commit that has the same file hides what lies behind the other parent from a simplified history.
  const make = (...parents: readonly string[]) =>
    git('commit-tree', 'HEAD^{tree}', '-m', 'Anchor', ...parents.flatMap((one) => ['-p', one]))
      .toString()
      .trim()
  git('update-ref', 'refs/remotes/origin/gitsudo-ledger', make(make(), 'HEAD'))
  await writeFile(join(dir, 'ledger.jsonl'), lines.map((line) => `${line}\n`).join(''))
  const [anchors = '', verifying = ''] = blocks
  const script = `${anchors}\n${verifying
    .split('\n')
    .filter((line) => !line.includes(' -m venv '))
    .join('\n')}`
    .replaceAll('ANCHORS', clone)
    .replaceAll('docs/verify-ledger.py', docs('verify-ledger.py'))
    .replaceAll(/'acme\+[^']*'/g, `'${first.key.text}'`)
  const { status, stdout } = spawnSync('bash', ['-euc', script], { cwd: dir, encoding: 'utf8' })
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `${origin}: events up to 80 are intact; a signed checkpoint is over 77 of them; all 3 that you hold agree\n`,
  })
})
