import { expect, test } from 'vitest'
import type { Judgement } from '../../app/policy/trial/judge.ts'
import { rememberJudgements } from '../../app/policy/trial/judgements.ts'
import { alice, ask } from './question.ts'

const question = { ...ask(alice), path: 'requests/2026/12/a.yaml' }
const refused: Judgement = { verdict: 'refused' }
const trouble: Judgement = { verdict: 'trouble' }

/** Remembers what a judge says in turn, and counts what he was asked. */
const judged = (said: readonly Judgement[], most?: number) => {
  const remember = rememberJudgements(most)
  let asked = 0
  const judge = async () => said[asked++ % said.length] ?? refused
  return {
    by: (policies: string, input = 'i', path = question.path) =>
      remember(policies, judge)({ ...question, path }, input),
    asked: () => asked,
  }
}

test('the same policies are asked the same once, whoever asks for it', async () => {
  const { by, asked } = judged([{ verdict: 'passes', approvals: 1, asked: 'bob' }, refused])
  const first = await by('p')
  expect(await by('p')).toBe(first)
  expect(asked()).toBe(1)
})

test.each([
  ['other policies', 'q', 'i', question.path],
  ['another question', 'p', 'j', question.path],
  ['another path', 'p', 'i', 'requests/2026/12/b.yaml'],
])('%s: judged anew', async (_, policies, input, path) => {
  const { by, asked } = judged([{ verdict: 'passes', approvals: 1, asked: 'bob' }, refused])
  await by('p')
  expect(await by(policies, input, path)).toEqual(refused)
  expect(asked()).toBe(2)
})

test('trouble is asked again', async () => {
  const { by, asked } = judged([trouble, refused])
  expect(await by('p')).toEqual(trouble)
  expect(await by('p')).toEqual(refused)
  expect(asked()).toBe(2)
})

test('of too many, what was not asked for the longest is forgotten', async () => {
  const { by, asked } = judged([refused], 2)
  for (const input of ['i', 'j', 'i', 'k']) await by('p', input)
  expect(asked()).toBe(3)
  await by('p', 'i')
  expect(asked()).toBe(3)
  await by('p', 'j')
  expect(asked()).toBe(4)
})
