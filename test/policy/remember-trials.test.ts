import { expect, test } from 'vitest'
import { rememberTrials } from '../../app/policy/trial/remember.ts'
import { fine } from '../support/memory/access-world.ts'
import { memoryClock } from '../support/memory/clock.ts'

const never = new AbortController().signal
const asked = { repository: 1, head: 'a', accepted: 'b' }

test('the same commits are tried once in ten minutes, others by themselves, and failures again', async () => {
  const clock = memoryClock()
  const heads: string[] = []
  const { trial } = rememberTrials(
    {
      trial: async ({ head }) => {
        heads.push(head)
        if (head === 'bad') throw new Error('trouble')
        return fine
      },
    },
    clock,
  )
  await Promise.all([trial(asked, never), trial(asked, never)])
  expect(await trial(asked, never)).toBe(fine)
  expect(heads).toEqual(['a'])
  await trial({ ...asked, accepted: 'c' }, never)
  expect(heads).toEqual(['a', 'a'])
  clock.advance(10 * 60_000)
  await trial(asked, never)
  expect(heads).toEqual(['a', 'a', 'a'])
  await expect(trial({ ...asked, head: 'bad' }, never)).rejects.toThrow('trouble')
  await expect(trial({ ...asked, head: 'bad' }, never)).rejects.toThrow('trouble')
  expect(heads).toEqual(['a', 'a', 'a', 'bad', 'bad'])
})
