import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { originHead } from '../../app/audit/chain.ts'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import { exportLine } from '../../app/audit/export-line.ts'
import { hex } from '../../app/audit/hex.ts'
import { createTree } from '../../app/audit/merkle.ts'
import { signNote } from '../../app/audit/note.ts'
import { checkProof, readProof } from '../../app/audit/proof.ts'
import type { VerifyAsk } from '../../app/cli/deps.ts'
import { writeFile as writeNew } from '../../app/cli/write-file.ts'
import { openExport, proofIn, verifySegmentFiles } from '../../app/compose/audit.ts'
import { verifyEverything } from '../../app/compose/verify.ts'
import { access } from '../audit/report/access.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { ledgerLines } from '../support/ledger-lines.ts'
import { absent, gitsudo } from './harness.ts'

const signer = noteSigner('acme')
const at = Date.parse('2026-12-01T08:00:00Z')
const one = access({ pull: 7, at })
const other = access({ pull: 8, at, who: 'bob' })
let dir = ''
let file = ''
let broken = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-ledger-'))
  file = join(dir, 'export.jsonl')
  broken = join(dir, 'broken.jsonl')
  const lines = ledgerLines('acme', [...one.expired(), ...other.asked])
  const tree = createTree()
  const covered = lines.slice(0, -1)
  let head = ''
  for (const line of covered) {
    if (line.kind !== 'event') continue
    tree.push(Buffer.from(line.leaf, 'hex'))
    head = line.chain
  }
  const text = checkpointText({
    origin: 'acme',
    size: tree.size,
    root: tree.root(),
    head: Buffer.from(head, 'hex'),
  })
  const all = [
    ...covered,
    { kind: 'checkpoint', note: signNote(text, [signer]) } as const,
    ...lines.slice(-1),
  ]
  const written = all.map((line) => `${exportLine(line)}\n`).join('')
  await writeFile(file, written)
  await writeFile(broken, written.replace('INC-4421', 'INC-4422'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const run = (...argv: readonly string[]) => gitsudo(argv, { openExport, writeFile: writeNew })

describe('audit prove', () => {
  it('writes one event’s proof', async () => {
    const output = join(dir, 'proof')
    expect(await run('audit', 'prove', '--seq', '5', '--export', file, '--output', output)).toMatchObject({
      status: 0,
      out: `Event 5 (grant.issued): ${output}\n`,
    })
    expect(checkProof(readProof(await readFile(output, 'utf8')), [signer.key])).toMatchObject({ size: 7 })
  })

  it('writes a file for each event of a request, and says which are too new', async () => {
    const all = await run('audit', 'prove', one.id.toLowerCase(), '--export', file, '--output', dir)
    expect(all.status).toBe(0)
    expect((await readdir(dir)).filter((name) => name.endsWith('.tlog-proof'))).toHaveLength(6)
    expect(await run('audit', 'prove', other.id, '--export', file, '--output', dir)).toMatchObject({
      status: 3,
      out: expect.stringContaining('Event 7 (request.created)'),
      err: expect.stringContaining('Event 8 is newer than the newest checkpoint, which is over 7 events'),
    })
  })

  it.each([
    ['nothing named', [], 2, 'Which event?'],
    ['two things', ['req_X', '--seq', '1'], 2, 'Which event?'],
    ['no number', ['--seq', '0'], 2, "is no event's number"],
    ['no ID', ['req_X'], 2, "is no request's ID"],
    ['no such event', ['--seq', '99'], 1, 'no such event'],
    ['no such type', [one.id, '--type', 'grant.drift'], 1, 'no such event'],
  ])('%s', async (_, argv, status, said) => {
    const answer = await run('audit', 'prove', ...argv, '--export', file)
    expect(answer).toMatchObject({ status, err: expect.stringContaining(said) })
  })

  it('proves nothing from what was altered, is no export, or is not there', async () => {
    expect(await run('audit', 'prove', '--seq', '1', '--export', broken)).toMatchObject({ status: 1 })
    const other = join(dir, 'other.jsonl')
    await writeFile(other, 'a letter\n')
    expect(await run('audit', 'prove', '--seq', '1', '--export', other)).toMatchObject({
      status: 1,
      err: expect.stringContaining('line 1 is not JSON'),
    })
    expect(await run('audit', 'prove', '--seq', '4', '--export', join(dir, 'no'))).toMatchObject({
      status: 2,
    })
  })
})

describe('audit prove --from', () => {
  const verify = (...argv: readonly string[]) =>
    gitsudo(['audit', 'verify', ...argv], { proofIn, readText: (path) => readFile(path, 'utf8') })
  const note = async () => {
    for (const line of (await readFile(file, 'utf8')).split('\n'))
      if (line.startsWith('{"checkpoint"')) return JSON.parse(line).checkpoint as string
    throw new Error('no checkpoint')
  }

  it('writes that the ledger goes on, which whoever holds the older checkpoint verifies', async () => {
    const [proof, held, none] = ['growth', 'held', 'none'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ]
    expect(await run('audit', 'prove', '--from', '7', '--export', file, '--output', proof)).toMatchObject({
      status: 0,
      out: `From 7 events to 7: ${proof}\n`,
    })
    await writeFile(held, await note())
    await writeFile(none, 'a letter\n')
    const key = ['--key', signer.key.text]
    expect(await verify(proof, ...key, '--witness', held)).toMatchObject({
      status: 0,
      out: expect.stringContaining('The 7 events of acme go on from the 7'),
    })
    expect(await verify(proof, ...key, '--witness', none)).toMatchObject({ status: 3 })
    expect(await verify(proof, ...key)).toMatchObject({ status: 3 })
    expect(await verify(proof, '--witness', held)).toMatchObject({ status: 3 })
    expect(await verify(proof, '--key', noteSigner('acme').key.text, '--witness', held)).toMatchObject({
      status: 1,
    })
    expect(await verify(proof, ...key, '--witness', held, '--offline')).toMatchObject({ status: 2 })
    expect(await verify(proof, proof, ...key, '--witness', held)).toMatchObject({ status: 2 })
    const own = await note()
    const sevens = Buffer.alloc(32, 7)
    const other = signNote(checkpointText({ origin: 'acme', size: 7, root: sevens, head: sevens }), [signer])
    await writeFile(held, own + other)
    expect(await verify(proof, ...key, '--witness', held)).toMatchObject({ status: 1 })
    await writeFile(held, own)
    await writeFile(none, other)
    expect(await verify(proof, ...key, '--witness', held, '--witness', none)).toMatchObject({ status: 1 })
    await writeFile(held, (await note()).replace('\n7\n', '\n6\n'))
    expect(await verify(proof, ...key, '--witness', held)).toMatchObject({ status: 3 })
    await writeFile(proof, (await readFile(proof, 'utf8')).replace('old 7', 'old 6'))
    expect(await verify(proof, ...key, '--witness', held)).toMatchObject({ status: 1 })
  })

  it.each([
    [['--from', '0'], 2, 'no number of events'],
    [['--to', '7'], 2, '--from is missing'],
    [['--from', '7', '--seq', '1'], 2, 'not about one event'],
    [['--from', '8'], 1, 'fewer than 8'],
    [['--from', '1', '--to', '5'], 3, 'no checkpoint over 5 events'],
  ] as const)('%j', async (argv, status, said) => {
    expect(await run('audit', 'prove', ...argv, '--export', file)).toMatchObject({
      status,
      err: expect.stringContaining(said),
    })
  })
})

describe('audit verify of proofs', () => {
  const verify = (...argv: readonly string[]) =>
    gitsudo(['audit', 'verify', ...argv, '--key', signer.key.text], {
      proofIn,
      verifySegments: verifySegmentFiles,
    })
  const proofs = async (...seqs: readonly number[]) => {
    const files = seqs.map((seq) => join(dir, `${seq}-of-${seqs.join('-')}`))
    for (const [index, seq] of seqs.entries())
      await run('audit', 'prove', '--seq', `${seq}`, '--export', file, '--output', files[index] ?? '')
    return files
  }

  it('checks each that is given, not the first alone', async () => {
    const files = await proofs(1, 2, 3)
    expect(await verify(...files)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/Event 1 of acme.*Event 2 of acme.*Event 3 of acme/s),
    })
    const [one = '', two = ''] = files
    await writeFile(two, (await readFile(two, 'utf8')).replace('index 1', 'index 2'))
    expect(await verify(...files)).toMatchObject({ status: 1, err: expect.stringContaining(two) })
    expect(await verify(one, file)).toMatchObject({ status: 2, err: expect.stringContaining('is no proof') })
  })

  it('answers a program as before for one, and a list for several', async () => {
    const [one = '', two = ''] = await proofs(4, 5)
    expect(JSON.parse((await verify(one, '-o', 'json')).out)).toMatchObject({ ok: true, seq: 4 })
    expect(JSON.parse((await verify(one, two, '-o', 'json')).out)).toMatchObject([{ seq: 4 }, { seq: 5 }])
  })
})

describe('audit verify takes no option that it would pass over', () => {
  const over = { proofIn, verifySegments: async () => row, verify: absent }
  const row = { segments: [], faults: [], unsigned: true }
  const options = {
    '--witness': [file],
    '--repository': ['.'],
    '--state-dir': ['.'],
    '--repo': ['acme/access'],
    '--branch': ['live'],
    '--token': ['x'],
    '--api-url': ['http://localhost'],
    '--grant-window': ['2h'],
    '--from-backup': [],
    '--offline': [],
    '--threads': ['2'],
    '--since': ['7d'],
    '--database-url': ['postgres://x/y'],
  }
  const forAnExport = ['--threads', '--since', '--database-url']

  it.each(Object.entries(options))('%s', async (flag, value) => {
    const proof = join(dir, `proof${flag}`)
    await run('audit', 'prove', '--seq', '5', '--export', file, '--output', proof)
    const refuses = async (path: string, what: string, more: object = {}) =>
      expect(await gitsudo(['audit', 'verify', path, flag, ...value], { ...over, ...more })).toMatchObject({
        status: 2,
        err: expect.stringContaining(`${flag} is not for ${what}.`),
      })
    await refuses(proof, 'a proof')
    await refuses(file, 'a segment')
    if (forAnExport.includes(flag))
      await refuses(file, 'an export', { verifySegments: async () => undefined })
  })

  it.each(['--token', '--api-url'])('%s without --repo', async (flag) => {
    const env = { DATABASE_URL: 'postgres://x/y' }
    expect(await gitsudo(['audit', 'verify', flag, 'x'], { env, verify: absent })).toMatchObject({
      status: 2,
      err: expect.stringContaining('name it with --repo'),
    })
  })
})

describe('audit report', () => {
  const month = ['--since', '2026-12-01', '--until', '2027-01-01']
  it.each(['md', 'html', 'csv'])('writes %s', async (format) => {
    const output = join(dir, `report.${format}`)
    const argv = ['audit', 'report', ...month, '--format', format, '--export', file, '--output', output]
    expect(await run(...argv)).toMatchObject({ status: 0, out: `1 grants reported in ${output}\n` })
    expect(await readFile(output, 'utf8')).toContain('alice')
  })

  it.each([
    ['another format', [...month, '--format', 'pdf'], 'no format "pdf"'],
    ['an empty period', ['--since', '2026-12-01', '--until', '2026-12-01', '--format', 'md'], 'not after'],
    ['no time', ['--since', 'lately', '--format', 'md'], 'neither a span nor a time'],
  ])('refuses %s', async (_, argv, said) => {
    const answer = await run('audit', 'report', ...argv, '--export', file)
    expect(answer).toMatchObject({ status: 2, err: expect.stringContaining(said) })
  })

  it('refuses an empty file, and a folder', async () => {
    const empty = join(dir, 'empty.jsonl')
    await writeFile(empty, '')
    const report = ['audit', 'report', ...month, '--format', 'md', '--export']
    expect(await run(...report, empty)).toMatchObject({
      status: 1,
      err: expect.stringContaining('the file is empty'),
    })
    const folder = { status: 2, err: expect.stringContaining(`${dir} is a folder.`) }
    expect(await run(...report, dir)).toMatchObject(folder)
    expect(
      await gitsudo(['audit', 'verify', dir, '--key', signer.key.text], { proofIn, verifySegments: absent }),
    ).toMatchObject(folder)
  })

  it('says that the chain is broken, in the report and by its exit status', async () => {
    const output = join(dir, 'broken.md')
    const argv = ['audit', 'report', ...month, '--format', 'md', '--export', broken, '--output', output]
    expect(await run(...argv)).toMatchObject({ status: 1, err: expect.stringContaining('broken at event 1') })
    expect(await readFile(output, 'utf8')).toContain('broken at event 1')
  })
})

describe('audit export', () => {
  it.each([
    ['--since', ['--since', '7d'], 'are for a sealed segment'],
    ['no end', ['--seal'], 'A segment has an end'],
    ['an end to come', ['--seal', '--until', '2030-01-01'], 'has not come yet'],
    ['an end of a moment ago', ['--seal', '--until', '59s'], 'less than a minute ago'],
    ['a key that is none', ['--key', 'acme+00000000+AAAA'], 'is not an Ed25519 key'],
  ])('refuses %s', async (_, argv, said) => {
    const answer = await run('audit', 'export', '--output', join(dir, 'x'), ...argv)
    expect(answer).toMatchObject({ status: 2, err: expect.stringContaining(said) })
  })

  it('seals between two times, with the key that is known', async () => {
    const asked: unknown[] = []
    const answer = await gitsudo(
      [
        'audit',
        'export',
        '--seal',
        '--since',
        '2026-11-01',
        '--until',
        '2026-12-01',
        '--output',
        join(dir, 'segment'),
      ],
      {
        env: { DATABASE_URL: 'x', GITSUDO_LEDGER_KEY: signer.key.text },
        writeFile: writeNew,
        openAudit: async () => ({
          prove: absent,
          report: absent,
          proveGrowth: absent,
          replay: absent,
          export: async ({ keys, seal }) => {
            asked.push({ keys, seal })
            return { first: 7, last: 9 }
          },
          close: async () => undefined,
        }),
      },
    )
    expect(answer).toMatchObject({
      status: 0,
      err: `Events 7 to 9, sealed, written to ${join(dir, 'segment')}\n`,
    })
    const [since, until] = ['2026-11-01', '2026-12-01'].map((day) => Date.parse(day))
    expect(asked).toEqual([{ keys: [signer.key.text], seal: { since, until } }])
  })
})

describe('audit verify of segments', () => {
  const segment = { file: 'a', origin: 'acme', first: 1, last: 6, head: '', end: '', faults: [] }
  const next = { ...segment, file: 'b', first: 7, last: 9 }
  it.each([
    [{ segments: [segment, next], faults: [], unsigned: false }, 0, 'The row is whole: events 1 to 9'],
    [{ segments: [segment], faults: [], unsigned: true }, 3, 'No key is known'],
    [{ segments: [segment, next], faults: ['Events 2 to 3 are missing'], unsigned: false }, 1, 'are missing'],
    [
      { segments: [{ ...segment, faults: ['event 2: leaf'] }], faults: [], unsigned: false },
      1,
      'event 2: leaf',
    ],
  ])('%j', async (row, status, said) => {
    const over = { proofIn: async () => undefined, verifySegments: async () => row }
    expect(await gitsudo(['audit', 'verify', 'a', 'b'], over)).toMatchObject({
      status,
      out: expect.stringContaining(said),
    })
    const json = await gitsudo(['audit', 'verify', 'a', 'b', '-o', 'json'], over)
    expect(JSON.parse(json.out)).toEqual({ ok: status === 0, segments: row.segments, faults: row.faults })
  })

  it('draws a bar of what was read of all files together, as of an export', async () => {
    const text = await readFile(file, 'utf8')
    const sealed = join(dir, 'sealed.jsonl')
    const bounds = { first: 1, last: 7, head: hex(originHead('acme')), peaks: [] }
    const header = exportLine({ kind: 'header', origin: 'acme', segment: bounds })
    await writeFile(sealed, [header, ...text.trimEnd().split('\n').slice(1, -1), ''].join('\n'))
    let drawn = ''
    const write = (more: string) => {
      drawn += more
    }
    const over = {
      err: { write, isTTY: true, columns: 80 },
      proofIn: async () => undefined,
      verifySegments: verifySegmentFiles,
      verify: (ask: VerifyAsk) => verifyEverything(ask, { XDG_STATE_HOME: dir }, at),
    }
    for (const [files, share] of [
      [[sealed], '100 %'],
      [[sealed, sealed], '50 %'],
      [[file], '100 %'],
    ] as const) {
      drawn = ''
      await gitsudo(['audit', 'verify', ...files], over)
      expect(drawn).toMatch(new RegExp(`${share}.*bytes/s.*\r\\u001b\\[K$`))
    }
  })

  it('takes several files only if each is a segment', async () => {
    const over = { proofIn: async () => undefined, verifySegments: verifySegmentFiles }
    expect(await gitsudo(['audit', 'verify', file, file], over)).toMatchObject({
      status: 1,
      err: expect.stringContaining('is no segment'),
    })
  })
})
