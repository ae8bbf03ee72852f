import { until } from '../../until.ts'
import {
  checkOn,
  gitsudo,
  requestFile,
  requestOf,
  type Stage,
  showCheck,
  showTree,
  stateOf,
} from '../stage.ts'

const path = 'requests/2026/12/alice-prod.yaml'
const text = requestFile({
  requester: 'alice',
  provider: 'mock',
  role: 'prod-infra-admin',
  scope: '"123456789012"',
  duration: '20s',
  reason: 'INC-4421 ECS tasks crash-looping',
  ticket: 'INC-4421',
})

/** The main job: asked, approved by the right people, granted by the merge, used, and taken away on time. */
export const granted = async (stage: Stage): Promise<string> => {
  const { timeline, world } = stage
  const { alice, bob, carol, dave } = world.people
  timeline.scene('3  A good request, from pull request to expiry')
  await ownApproval(stage)

  await dave.push('dave/for-alice', 'Access for alice', { [path]: text })
  const pull = await dave.openPull('dave/for-alice', 'Access for alice, who is on call')
  timeline.did('dave', `opens pull request #${pull.number} on alice's behalf`)
  timeline.show(text)
  const waiting = await checkOn(stage, dave, pull.head, ['action_required'])
  showCheck(stage, waiting)
  const { id } = await requestOf(stage, dave, pull.number)
  await showTree(stage, dave, pull.number)
  const asked = await until('reviewers to be asked', async () => {
    const { body } = await dave.api(
      'GET',
      `/repos/${world.repository.fullName}/pulls/${pull.number}/requested_reviewers`,
    )
    const logins = (body as { users: { login: string }[] }).users.map(({ login }) => login).sort()
    return logins.length > 0 && logins
  })
  timeline.must(
    asked.join(' ') === 'bob carol erin',
    `exactly those who may approve were asked: ${asked.join(', ')}`,
  )

  const own = await alice.review(pull.number, 'APPROVE', 'My own access: fine by me')
  timeline.did('alice', `approves the request for herself; GitHub accepts it (${own})`)
  const seen = await until('the check to mention her review', async () => {
    const check = await checkOn(stage, alice, pull.head, ['action_required', 'success'])
    return (check.output.summary ?? '').includes('alice is the requester') ? check : undefined
  })
  timeline.must(
    seen.conclusion === 'action_required',
    'her own approval counts for nothing: the check still waits',
  )

  for (const reviewer of [bob, carol]) {
    timeline.did(
      reviewer.login,
      `approves (${await reviewer.review(pull.number, 'APPROVE', 'Read it; yes')})`,
    )
  }
  showCheck(stage, await checkOn(stage, bob, pull.head, ['success']))
  const merged = await carol.merge(pull.number)
  timeline.did('carol', `merges (${merged.status})`)

  await stateOf(stage, alice, id, ['active'])
  timeline.did('gitsudo', `intent sealed, grant active: ${id}`)
  const table = await gitsudo(stage, alice, 'status')
  timeline.show(table.stdout)
  const env = await gitsudo(stage, alice, 'exec', id, '--', 'env')
  const credentials = env.stdout.split('\n').filter((line) => line.startsWith('MOCK_'))
  timeline.did('alice', `gitsudo exec ${id} -- env`)
  timeline.show(credentials.join('\n'))
  timeline.must(credentials.length > 0, 'the mock credentials reached her command, and nobody else')
  const stranger = await gitsudo(stage, bob, 'exec', id, '--', 'env')
  timeline.must(
    stranger.status !== 0 && !stranger.stdout.includes('MOCK_'),
    'bob, who approved it, gets none of them',
  )

  await stateOf(stage, alice, id, ['ended'])
  const late = await gitsudo(stage, alice, 'exec', id, '--', 'env')
  timeline.did('gitsudo', 'its time is up: revoked, read back gone, ended')
  timeline.must(late.status !== 0, `and no more credentials: ${late.stderr.trim().split('\n')[0] ?? ''}`)
  const story = await gitsudo(stage, alice, 'audit', '--request', id)
  timeline.show(story.stdout)
  return id
}

/** GitHub itself refuses the author's approval. */
const ownApproval = async ({ timeline, world }: Stage): Promise<void> => {
  const { alice } = world.people
  await alice.push('alice/own', 'Ask for access', { 'requests/2026/12/alice-own.yaml': text })
  const pull = await alice.openPull('alice/own', 'Access to production')
  timeline.did('alice', `opens pull request #${pull.number} and approves it herself`)
  const status = await alice.review(pull.number, 'APPROVE')
  timeline.must(status === 422, 'GitHub answers 422: nobody approves their own pull request')
  await alice.api('PATCH', `/repos/${world.repository.fullName}/pulls/${pull.number}`, { state: 'closed' })
}
