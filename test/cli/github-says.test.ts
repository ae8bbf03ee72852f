import { expect, test } from 'vitest'
import { githubSays } from '../../app/cli/github-says.ts'

/** GitHub, with a pull request of so many files, in pages of a hundred; it lists 3,000 of them. */
const github = (files: number, last: string): typeof fetch => {
  const listed = Array.from({ length: Math.min(files, 3_000) }, (_, n) => ({
    filename: n === Math.min(files, 3_000) - 1 ? last : `a/${n}.txt`,
    status: 'added',
  }))
  return async (input) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.pathname === '/repos/acme/access') return Response.json({ id: 1, default_branch: 'main' })
    if (!url.pathname.endsWith('/files')) return Response.json([])
    const page = Number(url.searchParams.get('page') ?? 1)
    url.searchParams.set('page', String(page + 1))
    const link = page * 100 < listed.length ? { link: `<${url}>; rel="next"` } : undefined
    return Response.json(listed.slice((page - 1) * 100, page * 100), link && { headers: link })
  }
}

const request = 'requests/2026/12/alice.yaml'

test.each([
  [2_999, 'z.txt', false],
  [2_999, request, true],
  [3_000, 'z.txt', undefined],
  [5_000, 'z.txt', undefined],
  [5_000, request, true],
])('of %i files, the last that GitHub lists being %s: whether requests were added: %s', async (...row) => {
  const [files, last, adds] = row
  const where = {
    apiUrl: 'https://api.github.example',
    token: 't',
    repository: 'acme/access',
    branch: undefined,
  }
  const says = await githubSays({ fetch: github(files, last), version: '0' }, where)
  expect(await says.addsRequests(7)).toBe(adds)
})
