import { describe, expect, test } from 'vitest'
import { answerWith, calls, serve, setUp } from './odd-answers.ts'

serve()

type Page = readonly unknown[]
/** What lists hold, one reading after another; the last one again and again. */
const readings = (...all: readonly (readonly Page[])[]) => {
  let begun = 0
  answerWith((request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`)
    const page = Number(url.searchParams.get('page') ?? 1)
    if (page === 1) begun += 1
    const pages = all[Math.min(begun, all.length) - 1] ?? []
    url.searchParams.set('page', String(page + 1))
    if (page < pages.length) response.setHeader('link', `<${url}>; rel="next"`)
    if (pages[page - 1] === undefined) response.statusCode = 404
    response.setHeader('content-type', 'application/json').end(JSON.stringify(pages[page - 1] ?? {}))
  })
}
const asked = () => calls.filter(({ url }) => !url.includes('/app/') && !url.endsWith('/installation')).length

const person = (id: number) => ({ id, login: `p${id}`, type: 'User' })
const review = (id: number) => ({ id, state: 'COMMENTED', user: person(id) })
const event = (id: number) => ({ id, event: 'reopened', created_at: `2026-01-05T10:00:0${id}Z` })
const comment = (id: number) => ({
  id,
  issue_url: 'x/1',
  user: person(id),
  created_at: '2026-01-05T10:00:00Z',
  updated_at: '2026-01-05T10:00:00Z',
})
const pull = (number: number) => ({
  id: number,
  number,
  user: person(1),
  created_at: '2026-01-05T10:00:00Z',
  updated_at: '2026-01-05T10:00:00Z',
  base: { ref: 'main', repo: { id: 7 } },
  head: { ref: 'x', sha: 'x', repo: { id: 7 } },
})

type Api = ReturnType<typeof setUp>['api']
describe.each<[string, (id: number) => unknown, (api: Api) => Promise<unknown>, unknown]>([
  ['members', person, async (api) => (await api.teamMembers('acme/sre'))?.map(({ id }) => id), [1, 3]],
  ['reviews', review, async (api) => (await api.reviews(1)).map(({ id }) => id), [1, 3]],
  ['events', event, (api) => api.reopenedAt(1), Date.parse('2026-01-05T10:00:03Z')],
  ['comments', comment, async (api) => (await api.commentsSince(0)).map(({ id }) => id), [1, 3]],
  [
    'open pull requests',
    pull,
    async (api) => (await api.openPulls('whole')).map(({ number }) => number),
    [1, 3],
  ],
  ['pull requests', pull, async (api) => (await api.pullsOf('x')).map(({ number }) => number), [1, 3]],
])('%s', (_name, of, list, all) => {
  test('one page is read once', async () => {
    const { api } = setUp()
    readings([[of(1), of(3)]])
    expect(await list(api)).toEqual(all)
    expect(asked()).toBe(1)
  })

  test('who moved up to a page that was read already is seen the next time', async () => {
    const { api } = setUp()
    // The second leaves after the first page was read, and the third moves up to it.
    readings([[of(1), of(2)], []], [[of(1)], [of(3)]])
    expect(await list(api)).toEqual(all)
    expect(asked()).toBe(6)
  })

  test('that goes on moving says nothing', async () => {
    const { api } = setUp()
    readings(...[1, 2, 3, 4].map((id) => [[of(id)], [of(5)]]))
    await expect(list(api)).rejects.toMatchObject({ name: 'GitHubError', code: 'unavailable' })
    expect(asked()).toBe(8)
  })

  test('that is gone at a further page says nothing, and is not taken for none', async () => {
    const { api } = setUp()
    readings([[of(1)], [of(3)]], [])
    await expect(list(api)).rejects.toMatchObject({ name: 'GitHubError', code: 'unavailable' })
  })
})
