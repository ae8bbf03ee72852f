// The attack: work on the pull request under an address that belongs to nobody, so that the ban on approving one's
// own work finds nobody to ban: a made-up one, or `noreply@github.com`, as if GitHub's web interface had committed.
// Until everybody is known no approval counts, and the tree says which address to add. GitHub's private addresses
// are believed by their number, not by the login beside it (trust.md 2.8, 7.07).
import { test } from 'vitest'
import { type Asked, admin } from '../support/world.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

const commitAs = async (t: AttackWorld, { branch, head }: Asked, author: string, committer?: string) => {
  const named = (email: string) => ({ name: 'Somebody', email })
  const { tree } = await t.api<{ tree: { sha: string } }>('GET', `/git/commits/${head}`)
  const made = await t.api<{ sha: string }>(
    'POST',
    '/git/commits',
    {
      message: 'More',
      tree: tree.sha,
      parents: [head],
      author: named(author),
      committer: named(committer ?? author),
    },
    'alice',
  )
  await t.api('PATCH', `/git/refs/heads/${branch}`, { sha: made.sha }, 'alice')
  return made.sha
}

test.each([
  ['a made-up address', 'stranger@nowhere.example', undefined],
  ['a web commit that GitHub does not vouch for', 'alice@example.com', 'noreply@github.com'],
] as const)('%s: no approval counts', async (what, author, committer) => {
  const t = await attackWorld()
  const asked = await t.ask(`unknown-${what.replaceAll(' ', '-').toLowerCase()}`, admin)
  const head = await commitAs(t, asked, author, committer)
  await t.approve(asked.number, 'bob', 'carol')
  const address = committer ?? author
  await t.checked(head, 'action_required', `${address} belongs to nobody known`)
  await t.checked(head, 'action_required', 'policies/data/identities.yaml')
  await t.land(asked.number)
  await t.refused(asked, `no approval counts: ${address} belongs to nobody known`)
})

test('a private address is its number: bob’s under alice’s name bans bob', async () => {
  const t = await attackWorld()
  const asked = await t.ask('unknown-number', admin)
  const head = await commitAs(t, asked, '1002+alice@users.noreply.github.com')
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(head, 'action_required', 'bob committed in this pull request')
  await t.land(asked.number)
  await t.refused(asked, 'bob committed in this pull request')
})
