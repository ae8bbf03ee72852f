import { afterAll, expect, test } from 'vitest'
import { createEvaluatorPool } from '../../../app/policy/pool.ts'
import { compile, policy } from './compiler.ts'

const pool = createEvaluatorPool({ size: 1 })
/** On no machine does time run out before memory does. */
const patient = createEvaluatorPool({ size: 1, limitMs: 60_000 })
afterAll(() => Promise.all([pool.close(), patient.close()]))
const data = { digest: 'none', bytes: Buffer.from('{}') }

const evaluate = async (rules: string, now = 0, by = pool) => {
  const { wasm, digest, hasAllow } = await compile(policy(`package gitsudo.eligibility\n${rules}\n`), [])
  const module = { wasm, digest, hasAllow, entrypoint: 'gitsudo/eligibility' }
  return by.evaluate({
    module,
    data,
    input: Buffer.from('{"user": {"login": "alice"}}'),
    aspect: 'eligibility',
    now,
  })
}
const error = (why: string | RegExp) => ({ kind: 'error', why: expect.stringMatching(why) })
const tooMuch = error('it needs more than 64 MiB of memory')

const tenTimes = (name: string, of: string) =>
  `${name} := concat("", [${of} | some _ in numbers.range(1, 10)])`
const megabytes = [
  'a := "01234567890123456789"',
  ...[...'abcde'].map((of, i) => tenTimes('bcdef'[i] ?? '', of)),
].join('\n')
/** Each step takes memory, which could run out before the time: these are few, and long. */
const loop = [
  's := concat("", ["a" | some _ in numbers.range(1, 3000)])',
  'allow if { some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i != j; contains(s, "ab") }',
].join('\n')
const hang = { kind: 'trouble', why: 'it did not finish within 250 ms' }

test.each([
  [
    'has two values',
    'x := 1 if input.user\nx := 2 if input.user\nallow if x',
    error('^policies/mine.rego:3'),
  ],
  ['answers with a string', 'allow := "yes"', error('`allow` is a string')],
  ['denies with true', 'allow := true\ndeny := true', error('`deny` is a boolean')],
  ['answers with megabytes', `allow := true\n${megabytes}`, error('larger than 1048576 bytes')],
  [
    'hands megabytes to the host',
    `allow := sprintf("%s", [x]) == "" if { ${megabytes.replaceAll('\n', '; ')}; x := f }`,
    error('larger than'),
  ],
])('a policy that %s refuses, and the next evaluation is unhurt', async (_, rules, wanted) => {
  expect(await evaluate(rules, 0, patient)).toEqual(wanted)
  expect(await evaluate('allow if input.user.login == "alice"', 0, patient)).toMatchObject({
    kind: 'value',
    allow: true,
  })
})

test.each([
  ['a gigabyte', 'big := numbers.range(1, 100000000)\nallow := count(big) > 0'],
  ['a deep tower', 'allow := json.unmarshal(concat("", ["[" | some _ in numbers.range(1, 1000000)])) == 1'],
])('a policy never gets %s, and the next evaluation is unhurt', async (_, rules) => {
  expect(await evaluate(rules, 0, patient)).toEqual(tooMuch)
  expect(await evaluate('allow := true', 0, patient)).toMatchObject({ allow: true })
  // In a replica time may run out first; neither is ever an answer.
  expect([tooMuch, hang]).toContainEqual(await evaluate(rules))
})

test('a policy never gets to loop, and the next evaluation is unhurt', async () => {
  expect(await evaluate(loop)).toEqual(hang)
  expect(await evaluate('allow := true')).toMatchObject({ allow: true })
})

test('a policy past its time is ended, which is no answer, and its worker replaced', async () => {
  const quick = createEvaluatorPool({ size: 1, limitMs: 60 })
  const answers = await Promise.all([evaluate(loop, 0, quick), evaluate('allow := true', 0, quick)])
  expect(answers).toMatchObject([{ kind: 'trouble', why: 'it did not finish within 60 ms' }, { allow: true }])
  await quick.close()
})

// The SDK's own sprintf ends the whole process here.
test.each([
  ['%60000000s', '["x"]'],
  ['%999999999d', '[1]'],
  ['%.999999999f', '[1]'],
])('sprintf(%j) allocates nothing of the host', async (format, values) => {
  const before = process.memoryUsage().rss
  await evaluate(`allow if count(sprintf("${format}", ${values})) > 100000`)
  await evaluate(
    `s := sprintf("${format}", ${values})\nallow if count(concat("", [s | some _ in numbers.range(1, 1000)])) > 1000000`,
  )
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
})

test('nothing is left over from the evaluation before: neither input, nor data, nor time', async () => {
  const clock = 'reason := sprintf("%v", [time.now_ns()])\nallow if input.user'
  expect(await evaluate(clock, 1_796_527_800_123)).toMatchObject({ reason: '1796527800123000000' })
  expect(await evaluate(clock, 5)).toMatchObject({ reason: '5000000' })
})

test('many at once are all answered, each its own', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      evaluate('reason := sprintf("%d", [time.now_ns()])\nallow := true', i),
    ),
  )
  expect(answers.map((answer) => answer.kind === 'value' && 'reason' in answer && answer.reason)).toEqual(
    answers.map((_, i) => String(i * 1_000_000)),
  )
})

test('a closed pool answers with trouble', async () => {
  const other = createEvaluatorPool()
  await other.close()
  const { wasm, digest, hasAllow } = await compile(policy('package gitsudo.eligibility\nallow := true\n'), [])
  const module = { wasm, digest, hasAllow, entrypoint: 'gitsudo/eligibility' }
  const evaluation = { module, data, input: Buffer.from('{}'), aspect: 'eligibility', now: 0 } as const
  expect(await other.evaluate(evaluation)).toEqual({ kind: 'trouble', why: 'the service is stopping' })
})
