import { expect, test } from 'vitest'
import { ExportError } from '../../app/audit/export-line.ts'
import type { CliDeps, Replay } from '../../app/cli/deps.ts'
import { gitsudo } from './harness.ts'

const id = `req_${'0'.repeat(26)}`
const same: Replay = {
  seq: 3,
  type: 'request.evaluated',
  at: '2026-12-01T12:00:00.000Z',
  verdict: 'action_required',
  outcome: 'same',
  differences: [],
  missing: [],
  notes: [],
}
const different: Replay = {
  ...same,
  seq: 4,
  outcome: 'different',
  differences: [{ about: 'wasm', policy: 'roles', recorded: 'aa', found: 'bb' }],
}
const lacking: Replay = { ...same, seq: 5, outcome: 'not_replayable', missing: ['evidence ff is gone'] }
const reworded: Replay = { ...same, seq: 6, outcome: 'reworded' }

const run = async (results: readonly Replay[], ...argv: readonly string[]) => {
  const asked: unknown[] = []
  const replay: CliDeps['replay'] = async (...given) => {
    asked.push(given)
    return results
  }
  return { ...(await gitsudo(['policy', 'replay', ...argv], { replay })), asked }
}

test.each([
  [[same], 0, 'action required  same'],
  [[same, different], 1, '4: wasm of policy roles differs\n  recorded aa\n  found    bb\n'],
  [[lacking, different], 1, 'cannot be told'],
  [
    [same, reworded],
    0,
    'action required  same, reworded\n6: same verdict; worded differently by this version\n',
  ],
  [[reworded, different], 1, 'same verdict'],
  [[same, lacking], 3, '5: missing: evidence ff is gone\n'],
  [[], 3, ''],
] as const)('says what came out, and ends with it: %#', async (results, status, out) => {
  const answer = await run(results, id)
  expect(answer.status).toBe(status)
  expect(answer.out).toContain(out)
})

test('as JSON', async () => {
  expect(JSON.parse((await run([different], id, '-o', 'json')).out)).toEqual([different])
})

test.each([
  [[id], {}, { request: id }],
  [[id.toLowerCase(), '--config', 'c.yaml'], { config: 'c.yaml' }, { request: id }],
  [
    ['--seq', '7', '--export', 'x.jsonl', '--repository', 'r'],
    { export: 'x.jsonl', repository: 'r' },
    { seq: 7 },
  ],
  [[id, '--database-url', 'u', '--repository', 'r'], { databaseUrl: 'u', repository: 'r' }, { request: id }],
])('asks what was asked for: %j', async (argv, source, wanted) => {
  expect((await run([same], ...argv)).asked).toEqual([[source, wanted]])
})

test.each([
  [[]],
  [[id, '--seq', '7']],
  [['--seq', '0']],
  [['req_X']],
  [[id, '--export', 'x.jsonl']],
  [[id, '--repository', 'r']],
  [[id, '--export', 'x.jsonl', '--database-url', 'u', '--repository', 'r']],
])('usage: %j', async (argv) => {
  expect(await run([same], ...argv)).toMatchObject({ status: 2, asked: [] })
})

test.each([
  ['is no export', new ExportError('the file is empty'), 1, 'the file is empty'],
  ['is a folder', Object.assign(new Error('read'), { code: 'EISDIR' }), 2, 'x is a folder.'],
])('says of an export that it %s', async (_, trouble, status, said) => {
  const over = { replay: () => Promise.reject(trouble) }
  expect(await gitsudo(['policy', 'replay', id, '--export', 'x', '--repository', 'r'], over)).toMatchObject({
    status,
    err: expect.stringContaining(said),
  })
})
