// The attack: approve one's own work under another hat: as the requester for whom a colleague opened the pull
// request, as somebody who wrote, committed or co-wrote one of its commits, as somebody who only pushed, or who only
// clicked *Update branch*. None of them counts (trust.md 2.7, 6.21). Nor are two people loaded who share a cloud
// principal, however it is written (test/identity/principal.test.ts).
import { test } from 'vitest'
import { type Asked, admin } from '../support/world.ts'
import { propose, swap } from './support/policies.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

const message = ['--message', 'More\n\nCo-authored-by: Bob <bob@example.com>']

/** How bob came to have a part in it, and what is said of him. */
const parts: Readonly<Record<string, readonly [string, (t: AttackWorld, asked: Asked) => Promise<unknown>]>> =
  {
    author: [
      'bob wrote a commit',
      async (t, { branch }) => {
        const mine = await t.clone('alice', branch)
        await mine.commit({}, '--author', 'Bob <bob@example.com>')
        await mine.git('push', '--quiet', 'origin', branch)
      },
    ],
    'co-author': [
      'bob co-wrote a commit',
      async (t, { branch }) => {
        const mine = await t.clone('alice', branch)
        await mine.commit({}, ...message)
        await mine.git('push', '--quiet', 'origin', branch)
      },
    ],
    committer: [
      'bob committed',
      async (t, { branch }) => {
        const his = await t.clone('bob', branch)
        await his.commit({}, '--author', 'Alice <alice@example.com>')
        await his.git('push', '--quiet', 'origin', `HEAD:refs/heads/park/${branch}`)
        const hers = await t.clone('alice', `park/${branch}`)
        await hers.git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
      },
    ],
    pusher: [
      'bob pushed',
      async (t, { branch }) => {
        const mine = await t.clone('alice', branch)
        const sha = await mine.commit({})
        await mine.git('push', '--quiet', 'origin', `HEAD:refs/heads/park/${branch}`)
        await t.api('PATCH', `/git/refs/heads/${branch}`, { sha }, 'bob')
      },
    ],
    'update-branch': [
      'bob',
      async (t, { number }) => {
        await t.commit('erin', 'main', {})
        await t.api('PUT', `/pulls/${number}/update-branch`, {}, 'bob')
      },
    ],
  }

test.each(Object.entries(parts))('%s', async (part, [words, play]) => {
  const t = await attackWorld()
  const asked = await t.ask(`involved-${part}`, admin)
  await play(t, asked)
  const { head } = await t.api<{ head: { sha: string } }>('GET', `/pulls/${asked.number}`)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(head.sha, 'action_required', words)
  await t.land(asked.number)
  await t.refused(asked, words)
})

test('the requester, for whom somebody else asks', async () => {
  const t = await attackWorld()
  const asked = await t.ask('involved-requester', { ...admin, requester: 'bob' })
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'action_required', 'bob is the requester')
  await t.land(asked.number)
  await t.refused(asked, 'bob is the requester')
})

/** Principals of bob's that are alice's in other words, as the file has his own. */
const spellings = {
  azure: [
    'azure: [4c1d7d1e-0b8f-4b53-9d0a-000000001002]',
    'azure: ["user:4C1D7D1E-0B8F-4B53-9D0A-000000001001"]',
  ],
  gcp: ['gcp: ["user:bob@example.com"]', 'gcp: ["Alice@example.com"]'],
  kubernetes: ['kubernetes: [bob@example.com]', 'kubernetes: ["user:alice@example.com"]'],
} as const

test.each(Object.entries(spellings))(
  'a second hat in the cloud: %s, in other words',
  async (cloud, [his, hers]) => {
    const t = await attackWorld()
    const { head } = await propose(t, `hat-${cloud}`, { 'data/identities.yaml': swap(his, hers) })
    await t.checked(head, 'failure', 'policies/data/identities.yaml:')
    await t.checked(head, 'failure', 'duplicate')
  },
)

test('a second hat in the cloud: a service account, in other words', async () => {
  const t = await attackWorld()
  const both = (text: string) =>
    swap(
      '[alice@example.com]\n  bob',
      '[alice@example.com, "serviceaccount:people/alice"]\n  bob',
    )(swap('[bob@example.com]\n  carol', '["system:serviceaccount:people:alice"]\n  carol')(text))
  const { head } = await propose(t, 'hat-account', { 'data/identities.yaml': both })
  await t.checked(head, 'failure', 'duplicate')
})
