import { sql } from '../../postgres.ts'
import { until } from '../../until.ts'
import { checkOn, requestFile, type Stage, showCheck } from '../stage.ts'

/** An administrator merges past the failing check: nothing is granted, and it does not go unseen. */
export const forced = async (stage: Stage): Promise<void> => {
  const { timeline, world, service } = stage
  const { bob, erin } = world.people
  timeline.scene('4  A merge forced past the check')
  const text = requestFile({
    requester: 'bob',
    provider: 'mock',
    role: 'prod-infra-admin',
    scope: '"123456789012"',
    duration: '1h',
    reason: 'No time for a review',
  })
  await bob.push('bob/forced', 'Ask for access', { 'requests/2026/12/bob-forced.yaml': text })
  const pull = await bob.openPull('bob/forced', 'Access for bob, now')
  timeline.did('bob', `opens pull request #${pull.number}`)
  showCheck(stage, await checkOn(stage, bob, pull.head, ['action_required']))
  const tried = await bob.merge(pull.number)
  timeline.must(tried.status === 405, `bob cannot merge it: ${tried.message ?? tried.status}`)
  const done = await erin.merge(pull.number)
  timeline.did('erin', `is an administrator and merges it all the same (${done.status})`)
  const alert = await until('the alert', async () =>
    service.alerts.find((line) => line.event === 'grant.refused' && line.pull === pull.number),
  )
  timeline.show(JSON.stringify(alert))
  const requests = await sql(world.superuserUrl, 'select state from requests where pull = $1', [pull.number])
  timeline.must(requests[0]?.state === 'refused', 'the request is refused')
  const grants = await sql(world.superuserUrl, 'select id from grants where pull = $1', [pull.number])
  timeline.must(grants.length === 0, 'nothing is granted, and there is an alert')
}
