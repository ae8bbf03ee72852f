import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ran, run } from '../../app/sandbox/run.ts'
import type { Service } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import { openTestWorld, type TestWorld } from '../support/world.ts'

/**
 * What docs/ledger.md has an auditor type, block by block, in the order of the page, over what a real service left: its
 * export, its anchor branch and its access repository. Only the words that stand for his own are put in.
 */
const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const names = [
  'anchors',
  'independent',
  'verify',
  'closer',
  'replay',
  'report',
  'witness',
  'database',
] as const
type Name = (typeof names)[number]

let t: TestWorld
let service: Service | undefined
let blocks: ReadonlyMap<Name, string>
/** What the first auditor has installed: the others need not do it again. */
let installed: string | undefined
/** What is as it was handed over; each auditor gets a copy. */
let handed = ''
let given: Readonly<Record<string, string>>

beforeAll(async () => {
  t = await openTestWorld({ merge: 'auto' })
  const page = await readFile(join(docs, 'ledger.md'), 'utf8')
  const found = [...page.matchAll(/^( *)```bash\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
  expect(found).toHaveLength(names.length)
  blocks = new Map(names.map((name, index) => [name, found[index] ?? '']))

  service = await t.start()
  const asked = await t.ask('audited')
  await t.reached(asked.id, 'active')
  handed = await mkdtemp(join(t.dir, 'handed-'))
  // As somebody kept it of an earlier day.
  await until('a checkpoint over the grant', async () => {
    const [found] = await t.query<{ held: boolean }>(
      `select (select max(size) from checkpoints) >= max(seq) as held from audit_events where type = 'grant.issued'`,
    )
    return found?.held
  })
  await exported('earlier.jsonl')
  await t.jump(31 * 60_000)
  await t.reached(asked.id, 'ended')
  const receipt = await until('the receipt of the end', async () => {
    const [comment] = await t.comments(asked.number)
    return /has \*\*ended\*\*.*leaf ([0-9a-f]{64}), under the checkpoint/s.exec(comment?.body ?? '')?.[1]
  })
  await t.jump(61_000)
  await until('an anchor over all but its own record', async () => {
    const [newest] = await t.query<{ size: string; last: string }>(
      `select (convert_from(body, 'UTF8')::json->'data'->>'size') as size, (select max(seq) from audit_events) as last
       from audit_events where type = 'ledger.anchored' order by seq desc limit 1`,
    )
    const [covered] = await t.query<{ size: string }>('select max(size) as size from checkpoints')
    return Number(newest?.size) === Number(newest?.last) - 1 && covered?.size === newest?.last
  })
  await service.stop()
  service = undefined
  await exported('ledger.jsonl')
  const server = await run(
    t.entry.command,
    [...t.entry.args, 'server', 'key', '--config', t.service.config],
    {
      env: t.service.env,
    },
  )
  const notes = await t.query<{ note: string }>('select note from checkpoints order by size')
  await writeFile(join(handed, 'siem-checkpoints.txt'), notes.map(({ note }) => `${note}\n`).join(''))
  const [decided] = await t.query<{ commit: string }>(
    `select convert_from(body, 'UTF8')::json->'data'->>'policy_commit' as commit from audit_events
     where request_id = $1 and type = 'request.approved'`,
    [asked.id],
  )
  given = {
    ID: asked.id,
    HASH: receipt,
    COMMIT: decided?.commit ?? '',
    KEY: server.stdout.split('\n')[0] ?? '',
  }
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
})

const exported = async (name: string) => {
  const args = [...t.entry.args, 'audit', 'export', '--output', join(handed, name)]
  const env = { ...t.service.env, GITSUDO_DATABASE_URL: t.databaseUrl }
  expect(await run(t.entry.command, args, { env })).toMatchObject({ status: 0 })
}

/** Somebody with two clones, the export and the key; `gitsudo` and `python3` are on his path. */
const createAuditor = async () => {
  const dir = await mkdtemp(join(t.dir, 'auditor-'))
  await cp(handed, dir, { recursive: true })
  await symlink(docs, join(dir, 'docs'))
  const own = installed === undefined
  if (installed !== undefined) await symlink(installed, join(dir, 'venv'))
  installed ??= join(dir, 'venv')
  const bin = join(dir, 'bin')
  await mkdir(bin)
  const gitsudo = `#!/bin/sh\nexec '${t.entry.command}' ${t.entry.args.map((one) => `'${one}'`).join(' ')} "$@"\n`
  await writeFile(join(bin, 'gitsudo'), gitsudo, { mode: 0o755 })
  const clone = await t.clone('erin')
  const anchors = await t.clone('erin', 'main', t.anchorRepository.fullName)
  const words = { ...given, CLONE: clone.dir, ANCHORS: anchors.dir }
  const { login, token } = t.people.erin
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    XDG_STATE_HOME: dir,
    GITSUDO_TEST_CLOCK_FILE: t.service.env.GITSUDO_TEST_CLOCK_FILE,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`${login}:${token}`).toString('base64')}`,
  }
  return {
    dir,
    anchors,
    /** Types what stands there. */
    types: (name: Name, more: Readonly<Record<string, string>> = {}): Promise<Ran> => {
      const text = Object.entries(words).reduce(
        (script, [word, value]) => script.replaceAll(new RegExp(`\\b${word}\\b`, 'g'), value),
        (blocks.get(name) ?? '')
          .replaceAll(/'acme\+[^']*'/g, "'KEY'")
          .replace(own ? '' : /^.* -m venv .*\n/m, ''),
      )
      return run('bash', ['-euo', 'pipefail', '-c', text], { cwd: dir, env: { ...env, ...more } })
    },
  }
}

test('nothing is wrong: every block works as printed, and says so', async () => {
  const auditor = await createAuditor()
  const said: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const more = name === 'database' ? { GITSUDO_DATABASE_URL: t.databaseUrl } : {}
    const ran = await auditor.types(name, more)
    expect({ name, ...ran }).toMatchObject({ name, status: 0 })
    said[name] = ran.stdout
  }
  expect(said.independent).toMatch(
    /events up to (\d+) are intact; a signed checkpoint is over \1 of them; all \d+ that/,
  )
  expect(said.verify).toMatch(/^Chain intact: \d+ events verified\n/)
  expect(said.verify).toMatch(/^Anchors: \d+ commits of gitsudo-ledger agree/m)
  expect(said.verify).toMatch(/^Merges: 1 request on main has its event$/m)
  expect(said.closer).toContain(`"leaf":"${given.HASH}"`)
  expect(said.closer).toMatch(/^Event \d+ \(grant\.expired\): /m)
  expect(said.closer).toMatch(/is in its ledger of \d+ events\ngrant\.expired at/)
  expect(said.closer).toMatch(new RegExp(`policy_commit.*${given.COMMIT}\ntree ${given.COMMIT}:policies/`))
  expect(said.replay).toMatch(/request\.approved .* same$/m)
  expect(await readFile(join(auditor.dir, 'report.html'), 'utf8')).toContain('Access report: sandbox.local')
  for (const name of ['witness', 'database'] as const)
    expect(said[name]).toMatch(/^Witnesses: \d+ checkpoints? that they hold agrees?$/m)
}, 900_000)

/** Everywhere in the file, evidence too, with nothing hashed anew. */
const altered = (text: string) => text.replaceAll('INC-4421', 'INC-4422')
/** Down to a checkpoint that is older than the newest anchor, behind which its own record is all. */
const cut = (text: string) => {
  const lines = text.trimEnd().split('\n')
  const ends = lines.flatMap((line, index) => (line.startsWith('{"checkpoint"') ? [index] : []))
  return `${lines.slice(0, (ends.at(-3) ?? 0) + 1).join('\n')}\n`
}

test.each<
  [what: string, tamper: (text: string) => string, ends: Partial<Record<Name, number>>, said: RegExp]
>([
  [
    'is altered',
    altered,
    { anchors: 0, independent: 1, verify: 1, closer: 1, replay: 1, report: 1, witness: 1 },
    /Chain broken at event \d+/,
  ],
  [
    'lacks its end',
    cut,
    { anchors: 0, independent: 1, verify: 1, replay: 0, report: 0, witness: 1 },
    /^Lost: \d+ events?, which anchor/m,
  ],
])('an export that %s is found by each block that reads it', async (_, tamper, ends, said) => {
  const auditor = await createAuditor()
  const file = join(auditor.dir, 'ledger.jsonl')
  const text = await readFile(file, 'utf8')
  expect(tamper(text)).not.toBe(text)
  await writeFile(file, tamper(text))
  for (const [name, status] of Object.entries(ends) as [Name, number][]) {
    const ran = await auditor.types(name)
    expect({ name, ...ran }).toMatchObject({ name, status })
    if (name === 'verify') expect(ran.stdout).toMatch(said)
  }
})

test('an anchor branch that was taken back is found by whoever has seen it, and a forged anchor by everybody', async () => {
  const auditor = await createAuditor()
  expect(await auditor.types('verify')).toMatchObject({ status: 0 })
  const branch = 'refs/remotes/origin/gitsudo-ledger'
  await auditor.anchors.git('update-ref', branch, `${branch}~1`)
  const back = await auditor.types('verify')
  expect(back).toMatchObject({ status: 1, stdout: expect.stringContaining('is not on the branch any more') })

  const other = await createAuditor()
  const { git, dir } = other.anchors
  await git('switch', '--quiet', '--detach', branch)
  const path = join(dir, 'checkpoint')
  const note = await readFile(path, 'utf8')
  await writeFile(
    path,
    note.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`),
  )
  await git('commit', '--quiet', '--all', '--message', 'Anchor')
  await git('update-ref', branch, 'HEAD')
  expect(await other.types('anchors')).toMatchObject({ status: 0 })
  expect(await other.types('independent')).toMatchObject({ status: 1 })
  expect(await other.types('verify')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^Anchors: \d+ faults?$/m),
  })
})

test('a database that was altered is found from a machine of its own', async () => {
  const auditor = await createAuditor()
  await t.query(
    `do $$ begin
      alter table audit_events disable trigger user;
      update audit_events set body = convert_to(replace(convert_from(body, 'UTF8'), 'INC-4421', 'INC-4422'), 'UTF8');
    end $$`,
  )
  expect(await auditor.types('database', { GITSUDO_DATABASE_URL: t.databaseUrl })).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^Chain broken at event \d+/),
  })
})
