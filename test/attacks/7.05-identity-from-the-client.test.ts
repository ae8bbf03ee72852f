// The bug of others: who calls is what the caller says: a header of the proxy that is not there, a field in the body, a
// parameter, the name in the file. A caller is whose token GitHub vouches for; a requester is the pull request's author
// unless a policy lets them ask for another (trust.md 7.05).
import { expect, test } from 'vitest'
import { live } from './support/cloud.ts'
import { attackWorld } from './support/world.ts'

const claims = {
  'x-forwarded-user': 'alice',
  'x-remote-user': 'alice',
  'x-auth-request-user': 'alice',
  'x-auth-request-email': 'alice@example.com',
  'x-gitsudo-user': '1001',
  'x-github-user-id': '1001',
  from: 'alice@example.com',
  cookie: 'user=alice; session=1001',
}

test('whoever says to be alice is not', async () => {
  const t = await attackWorld()
  const asked = await live(t, 'client-says')
  const post = async (path: string, token: string | undefined, body: object = {}) => {
    const response = await fetch(`${t.replica.url}/api/v1/requests/${asked.id}/${path}`, {
      method: 'POST',
      headers: {
        ...claims,
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: token }),
      },
      body: JSON.stringify(body),
    })
    return [response.status, await response.text()] as const
  }
  const unsigned = [{ alg: 'none' }, { sub: 'alice', id: 1001, login: 'alice' }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const nobody = [undefined, `Bearer ${unsigned}.`, `Basic ${Buffer.from('alice:').toString('base64')}`]
  for (const path of ['credentials', 'revoke'])
    for (const token of nobody) expect((await post(path, token))[0]).toBe(401)

  const dave = `Bearer ${t.people.dave.token}`
  const [status, told] = await post('credentials?user=alice', dave, { user: 'alice', id: 1001 })
  expect([status, told]).toEqual([403, expect.stringContaining('go to its requester only')])
  expect(told).not.toContain('MOCK')
  const by = { id: 1001, login: 'alice' }
  expect(await post('revoke?user=alice', dave, { by, user: 'alice' })).toEqual([
    403,
    expect.stringContaining('dave may not revoke'),
  ])
  // Whose word it is cannot be said in the body at all.
  expect((await post('revoke', `Bearer ${t.people.alice.token}`, { by: { id: 1005 } }))[0]).toBe(400)
  await t.reached(asked.id, 'active')
  await t.allSealed()
  expect((await t.events(asked.id)).map(({ type }) => type)).not.toContain('credentials.issued')
})

test('the file names somebody else as requester, the commit is in their name: the author asks', async () => {
  const t = await attackWorld()
  const theirs = await t.clone('frank')
  await theirs.git('switch', '--quiet', '--create', 'ask/in-the-name')
  const asked = await t.ask('in-the-name-template')
  await theirs.git('fetch', '--quiet', 'origin', asked.branch)
  const text = `${await theirs.git('show', `FETCH_HEAD:${asked.path}`)}\n`
  const path = asked.path.replace('in-the-name-template', 'in-the-name')
  const head = await theirs.commit({ [path]: text }, '--author', 'Alice <alice@example.com>')
  await theirs.git('push', '--quiet', 'origin', 'ask/in-the-name')
  const { number } = await t.people.frank.openPull('ask/in-the-name', 'Access for alice')
  await t.checked(head, 'failure', 'no policy lets frank ask on behalf of alice')
  await t.land(number)
  await t.commented(number, 'no policy lets frank ask on behalf of alice')
  await t.nothingGranted(number)
})
