import { expect, test } from 'vitest'
import { reloadEach } from '../../app/compose/reload.ts'

const [one, bad, other] = ['acme/one', 'acme/bad', 'acme/other'].map((fullName) => ({ fullName }))
const load = async ({ fullName }: { fullName: string }) => {
  if (fullName === 'acme/bad') throw new Error('no such commit')
  return 2
}

test('policies that cannot be read keep no others from it, and are named', async () => {
  expect(
    await reloadEach(
      [one, bad, other].flatMap((each) => each ?? []),
      load,
    ),
  ).toEqual({
    policies: 4,
    troubles: [{ repository: 'acme/bad', why: 'no such commit' }],
  })
})

test('where none can be read, that is the answer', async () => {
  await expect(
    reloadEach(
      [bad].flatMap((each) => each ?? []),
      load,
    ),
  ).rejects.toThrow('no such commit')
})
