import { expect, test } from 'vitest'
import { readWhole } from '../../app/github/whole.ts'
import { GitHubError } from '../../app/reconcile/ports/github.ts'

type Reading = readonly (readonly number[] | 'gone')[]

/** Each reading of a list, page by page; the last goes on. */
const list = (...readings: readonly Reading[]) => {
  let asked = 0
  const read = async function* () {
    const pages = readings[Math.min(asked, readings.length - 1)] ?? []
    asked += 1
    for (const page of pages) {
      if (page === 'gone') throw new GitHubError('not_found', 'no such list')
      yield { data: page.map((id) => ({ id })) }
    }
  }
  const told = async () => (await readWhole('the list', read)).map(({ id }) => id).toSorted((a, b) => a - b)
  return { told, asked: () => asked }
}

test.each<[string, readonly Reading[], readonly number[], number]>([
  ['one page is read once', [[[1, 2]]], [1, 2], 1],
  ['several are read twice', [[[1, 2], [3]]], [1, 2, 3], 2],
  [
    'who left and hid another is read again',
    [
      [[1, 2], [4]],
      [[2, 3], [4]],
    ],
    [2, 3, 4],
    3,
  ],
  [
    'whoever is hid in the second reading is missed in it',
    [[[1, 2], [3]], [[1, 2], []], [[2, 3]]],
    [2, 3],
    3,
  ],
  [
    'what comes all the time hides nobody',
    [
      [[1, 2], [3]],
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4, 5],
      ],
    ],
    [1, 2, 3, 4],
    2,
  ],
])('%s', async (_, readings, said, times) => {
  const { told, asked } = list(...readings)
  expect(await told()).toEqual(said)
  expect(asked()).toBe(times)
})

test.each<[string, readonly Reading[], string]>([
  [
    'one that somebody leaves at each reading',
    [
      [[1], [2]],
      [[2], [3]],
      [[3], [4]],
      [[4], [5]],
    ],
    'unavailable',
  ],
  ['one that is gone after its first page', [[[1], 'gone']], 'unavailable'],
  ['one that never was', [['gone']], 'not_found'],
])('%s is no list', async (_, readings, code) => {
  await expect(list(...readings).told()).rejects.toMatchObject({ code })
})
